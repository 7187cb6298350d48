//! Runs a template over an object.

use std::sync::Arc;

use ecow::EcoString;

use crate::ast::{Branch, Command, Node, Operand, Pipe, Tree, Word};
use crate::data::Data;
use crate::format;
use crate::functions::{Call, Run};
use crate::source::Source;
use crate::types::{Type, value_type};
use crate::value::{Object, Reason, Value};

/// Templates that call each other nest less deeply than this.
const DEEPEST: usize = 100;
/// Nodes and rounds of loops that one rendering may take.
const STEPS: usize = 1_000_000;
/// Bytes that one rendering may give.
const LARGEST: usize = 1 << 20;

/// What is wrong, and where.
pub(crate) type Fault = (usize, Reason);

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// Renders a template.
pub(crate) fn run(tree: &Tree, object: Arc<Object>, source: Source<'_>) -> Result<String, Fault> {
    let whole = Value::Object(object);
    let mut machine = Machine {
        tree,
        source,
        out: String::new(),
        variables: vec![(EcoString::new(), whole.clone())],
        steps: 0,
        depth: 0,
    };
    machine.list(&tree.root, &whole)?;
    Ok(machine.out)
}

struct Machine<'a> {
    tree: &'a Tree,
    source: Source<'a>,
    out: String,
    variables: Vec<(EcoString, Value)>,
    steps: usize,
    depth: usize,
}

impl Machine<'_> {
    fn list(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, Fault> {
        for node in nodes {
            let flow = self.node(node, dot)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn step(&mut self, at: usize) -> Result<(), Fault> {
        self.steps += 1;
        if self.steps > STEPS || self.out.len() > LARGEST {
            return Err((at, "the template runs for too long, or gives too much text".into()));
        }
        Ok(())
    }

    fn node(&mut self, node: &Node, dot: &Value) -> Result<Flow, Fault> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipe) => {
                self.step(pipe.at)?;
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    format::print(&mut self.out, &value);
                }
            }
            Node::If(branch) => return self.choose(branch, dot, false),
            Node::With(branch) => return self.choose(branch, dot, true),
            Node::Range(branch) => return self.range(branch, dot),
            Node::Template { name, argument, at } => {
                self.call(name, argument.as_ref(), *at, dot)?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn choose(&mut self, branch: &Branch, dot: &Value, moves_dot: bool) -> Result<Flow, Fault> {
        self.step(branch.pipe.at)?;
        let known = self.variables.len();
        let value = self.pipe(&branch.pipe, dot)?;
        let flow = if value.is_true() {
            self.list(&branch.body, if moves_dot { &value } else { dot })
        } else {
            self.list(&branch.otherwise, dot)
        };
        self.variables.truncate(known);
        flow
    }

    fn range(&mut self, branch: &Branch, dot: &Value) -> Result<Flow, Fault> {
        let at = branch.pipe.at;
        self.step(at)?;
        let known = self.variables.len();
        // The variables of the pipeline are set in each round.
        let value = self.commands(&branch.pipe, dot)?;
        let rounds = Rounds::of(value).map_err(|reason| (at, reason))?;
        let count = rounds.len();
        for index in 0..count {
            self.step(at)?;
            let (key, item) = rounds.get(index);
            match &branch.pipe.variables[..] {
                [] => {}
                [name] => self.set(name, item.clone(), branch.pipe.assigns),
                [first, second, ..] => {
                    self.set(first, key, branch.pipe.assigns);
                    self.set(second, item.clone(), branch.pipe.assigns);
                }
            }
            let flow = self.list(&branch.body, &item)?;
            self.variables.truncate(known);
            if flow == Flow::Break {
                break;
            }
        }
        if count > 0 {
            return Ok(Flow::Next);
        }
        let flow = self.list(&branch.otherwise, dot);
        self.variables.truncate(known);
        flow
    }

    fn call(
        &mut self,
        name: &str,
        argument: Option<&Pipe>,
        at: usize,
        dot: &Value,
    ) -> Result<(), Fault> {
        self.step(at)?;
        let argument = match argument {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => Value::Missing,
        };
        if self.depth == DEEPEST {
            return Err((at, "templates call each other without end".into()));
        }
        let tree = self.tree;
        let Some(nodes) = tree.defined.get(name) else { return Ok(()) };
        let own = vec![(EcoString::new(), argument.clone())];
        let variables = std::mem::replace(&mut self.variables, own);
        self.depth += 1;
        self.list(nodes, &argument)?;
        self.depth -= 1;
        self.variables = variables;
        Ok(())
    }

    fn set(&mut self, name: &EcoString, value: Value, assigns: bool) {
        let known = self.variables.iter_mut().rev().find(|(own, _)| own == name);
        match known {
            Some((_, own)) if assigns => *own = value,
            _ => self.variables.push((name.clone(), value)),
        }
    }

    /// The value of a pipeline, which its variables get, too.
    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, Fault> {
        let value = self.commands(pipe, dot)?;
        for name in &pipe.variables {
            self.set(name, value.clone(), pipe.assigns);
        }
        Ok(value)
    }

    fn commands(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, Fault> {
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(command, value, dot)?);
        }
        Ok(value.unwrap_or(Value::Missing))
    }

    fn command(
        &mut self,
        command: &Command,
        last: Option<Value>,
        dot: &Value,
    ) -> Result<Value, Fault> {
        let head = &command.head;
        let Word::Function(function) = head.word else { return self.operand(head, dot) };
        let run = match function.run {
            Run::Lazily { stops_at } => {
                let mut value = Value::Missing;
                for argument in &command.arguments {
                    value = self.operand(argument, dot)?;
                    if value.is_true() == stops_at {
                        return Ok(value);
                    }
                }
                return Ok(last.unwrap_or(value));
            }
            Run::Strictly(run) => run,
        };
        let mut arguments = Vec::with_capacity(command.arguments.len() + 1);
        for argument in &command.arguments {
            arguments.push(self.operand(argument, dot)?);
        }
        arguments.extend(last);
        let call = Call { arguments: &arguments, source: self.source };
        run(call).map_err(|reason| (head.at, ecow::eco_format!("{}: {reason}", function.name)))
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, Fault> {
        let (value, fields) = match &operand.word {
            Word::Dot => return Ok(dot.clone()),
            Word::Nil => return Ok(Value::Missing),
            Word::Constant(value) => return Ok(value.clone()),
            Word::Field(fields) => (dot.clone(), fields),
            Word::Variable(name, fields) => {
                let known = self.variables.iter().rev().find(|(own, _)| own == name);
                (known.map_or(Value::Missing, |(_, value)| value.clone()), fields)
            }
            Word::Paren(pipe, fields) => (self.pipe(pipe, dot)?, fields),
            // A function among arguments, without arguments of its own.
            Word::Function(function) => {
                let command = Command {
                    head: Operand { at: operand.at, word: Word::Function(function) },
                    arguments: Vec::new(),
                };
                return self.command(&command, None, dot);
            }
        };
        let path = fields.iter().try_fold(value, |value, name| value.field(name));
        path.map_err(|reason| (operand.at, reason))
    }
}

/// What a loop goes over.
enum Rounds {
    Numbers(usize),
    List(Arc<[Data]>, &'static Type),
    Map(Arc<crate::data::Map>, &'static Type),
}

impl Rounds {
    fn of(value: Value) -> Result<Self, Reason> {
        Ok(match value {
            Value::Missing => Self::Numbers(0),
            Value::Pointer(inner) => Self::of(*inner)?,
            Value::Int(count) => Self::Numbers(usize::try_from(count).unwrap_or_default()),
            Value::List(list, items) => Self::List(list, items),
            Value::Map(map, kind) => Self::Map(map, value_type(kind)),
            other => {
                return Err(ecow::eco_format!("range can't iterate over {}", other.type_name()));
            }
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(count) => *count,
            Self::List(list, _) => list.len(),
            Self::Map(map, _) => map.len(),
        }
    }

    fn get(&self, index: usize) -> (Value, Value) {
        let number = Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
        match self {
            Self::Numbers(_) => (number.clone(), number),
            Self::List(list, items) => (number, Value::of(list.get(index), items)),
            Self::Map(map, values) => match map.iter().nth(index) {
                Some((key, data)) => (Value::Text(key.clone()), Value::of(Some(data), values)),
                None => (Value::Missing, Value::Missing),
            },
        }
    }
}
