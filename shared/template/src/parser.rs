//! From words to a tree.

use std::collections::BTreeMap;

use ecow::{EcoString, eco_format};

use crate::ast::{Branch, Command, Node, Operand, Pipe, Word};
use crate::functions::{self, Function};
use crate::lexer::{Fault, Kind, Token, lex};
use crate::value::Value;

/// Blocks and parentheses nest less deeply than this.
const DEEPEST: usize = 64;

/// What a text holds: the template itself, and those that it defines.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) root: Vec<Node>,
    pub(crate) defined: BTreeMap<EcoString, Vec<Node>>,
}

/// Parses a template.
pub(crate) fn parse(text: &str) -> Result<Tree, Fault> {
    let tokens = lex(text)?;
    let scope = vec![EcoString::new()];
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        end: text.len(),
        scope,
        loops: 0,
        depth: 0,
        defined: BTreeMap::new(),
        called: Vec::new(),
    };
    let (root, stop) = parser.list()?;
    if let Some((at, word)) = stop {
        return Err((
            at,
            eco_format!("there is nothing that this {} could belong to", word.text()),
        ));
    }
    let Parser { defined, called, .. } = parser;
    if let Some((at, name)) = called.iter().find(|(_, name)| !defined.contains_key(name)) {
        return Err((*at, eco_format!("template {name:?} is not defined")));
    }
    Ok(Tree { root, defined })
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    /// The length of the text.
    end: usize,
    /// The variables that there are.
    scope: Vec<EcoString>,
    /// How many loops stand around this place.
    loops: usize,
    depth: usize,
    defined: BTreeMap<EcoString, Vec<Node>>,
    called: Vec<(usize, EcoString)>,
}

/// What ends a list of nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    End,
    Else,
}

/// Nodes, and what ended them and where; nothing at the end of the text.
type Listed = (Vec<Node>, Option<(usize, Stop)>);

impl Stop {
    fn text(self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// What a block does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    If,
    With,
    Range,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn is_next(&self, kind: &Kind) -> bool {
        self.peek().is_some_and(|token| token.kind == *kind)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    fn here(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let is_next = self.is_next(kind);
        self.at += usize::from(is_next);
        is_next
    }

    fn fault<T>(&self, message: impl Into<EcoString>) -> Result<T, Fault> {
        Err((self.here(), message.into()))
    }

    fn close(&mut self, after: &str) -> Result<(), Fault> {
        if self.take(&Kind::Close) {
            return Ok(());
        }
        self.fault(eco_format!("}}}} is expected behind {after}"))
    }

    fn deeper<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == DEEPEST {
            return self.fault("this nests too deeply");
        }
        self.depth += 1;
        let done = step(self);
        self.depth -= 1;
        done
    }

    /// Nodes up to an `{{end}}` or `{{else}}` that belongs to what stands around them. An `else` is read, but not what
    /// follows it.
    fn list(&mut self) -> Result<Listed, Fault> {
        let mut nodes = Vec::new();
        while let Some(token) = self.next() {
            if let Kind::Text(text) = &token.kind {
                nodes.push(Node::Text(text.clone()));
                continue;
            }
            let keyword = match self.peek().map(|token| &token.kind) {
                Some(Kind::Identifier(word)) => word.as_str(),
                _ => "",
            };
            let block = match keyword {
                "end" | "else" => {
                    self.at += 1;
                    let stop = if keyword == "end" { Stop::End } else { Stop::Else };
                    if stop == Stop::End {
                        self.close("end")?;
                    }
                    return Ok((nodes, Some((token.at, stop))));
                }
                "if" => Some(Block::If),
                "with" => Some(Block::With),
                "range" => Some(Block::Range),
                _ => None,
            };
            if let Some(block) = block {
                self.at += 1;
                nodes.push(self.deeper(|parser| parser.block(block, token.at))?);
                continue;
            }
            match keyword {
                "break" | "continue" => nodes.push(self.leave(keyword)?),
                "define" => self.deeper(|parser| parser.define(token.at))?,
                "template" => nodes.push(self.call()?),
                "block" => nodes.push(self.deeper(|parser| parser.define_and_call(token.at))?),
                _ => {
                    let pipe = self.pipeline(true)?;
                    self.close("a pipeline")?;
                    nodes.push(Node::Action(pipe));
                }
            }
        }
        Ok((nodes, None))
    }

    /// `pipeline}} .. {{else}} .. {{end}}`
    fn block(&mut self, block: Block, open: usize) -> Result<Node, Fault> {
        let known = self.scope.len();
        let pipe = self.pipeline(true)?;
        if pipe.variables.len() > 1 && block != Block::Range {
            return Err((pipe.at, "only range sets two variables".into()));
        }
        self.close("a pipeline")?;
        self.loops += usize::from(block == Block::Range);
        let (body, stop) = self.list()?;
        self.loops -= usize::from(block == Block::Range);
        let otherwise = match stop {
            Some((_, Stop::End)) => Vec::new(),
            Some((_, Stop::Else)) => self.otherwise(block, open)?,
            None => return Err((open, "this block has no {{end}}".into())),
        };
        self.scope.truncate(known);
        let branch = Branch { pipe, body, otherwise };
        Ok(match block {
            Block::If => Node::If(branch),
            Block::With => Node::With(branch),
            Block::Range => Node::Range(branch),
        })
    }

    fn otherwise(&mut self, block: Block, open: usize) -> Result<Vec<Node>, Fault> {
        let chained = match block {
            Block::If => Some("if"),
            Block::With => Some("with"),
            Block::Range => None,
        };
        if let Some(word) = chained
            && self.take(&Kind::Identifier(word.into()))
        {
            return Ok(vec![self.deeper(|parser| parser.block(block, open))?]);
        }
        self.close("else")?;
        match self.list()? {
            (nodes, Some((_, Stop::End))) => Ok(nodes),
            (_, Some((at, Stop::Else))) => Err((at, "this block has an {{else}} already".into())),
            (_, None) => Err((open, "this block has no {{end}}".into())),
        }
    }

    fn leave(&mut self, keyword: &str) -> Result<Node, Fault> {
        if self.loops == 0 {
            return self.fault(eco_format!("{keyword} stands in no range"));
        }
        self.at += 1;
        self.close(keyword)?;
        Ok(if keyword == "break" { Node::Break } else { Node::Continue })
    }

    fn name(&mut self) -> Result<EcoString, Fault> {
        self.at += 1;
        match self.peek().map(|token| &token.kind) {
            Some(Kind::Quoted(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => self.fault("the name of a template is expected here, in quotes"),
        }
    }

    /// `define "name"}} .. {{end}}`
    fn define(&mut self, open: usize) -> Result<(), Fault> {
        if self.depth > 1 {
            return Err((open, "a template cannot be defined within a block".into()));
        }
        let name = self.name()?;
        self.close("the name of a template")?;
        self.body(name, open)
    }

    /// The body of a template has no variables but its own.
    fn body(&mut self, name: EcoString, open: usize) -> Result<(), Fault> {
        let scope = std::mem::replace(&mut self.scope, vec![EcoString::new()]);
        let loops = std::mem::take(&mut self.loops);
        let (body, stop) = self.list()?;
        (self.scope, self.loops) = (scope, loops);
        match stop {
            Some((_, Stop::End)) => {}
            Some((at, Stop::Else)) => {
                return Err((at, "a template has no {{else}}".into()));
            }
            None => return Err((open, "this template has no {{end}}".into())),
        }
        if self.defined.insert(name.clone(), body).is_some() {
            return Err((open, eco_format!("template {name:?} is defined twice")));
        }
        Ok(())
    }

    /// `template "name" pipeline}}`
    fn call(&mut self) -> Result<Node, Fault> {
        let at = self.here();
        let name = self.name()?;
        let argument = if self.is_next(&Kind::Close) { None } else { Some(self.pipeline(false)?) };
        self.close("the call of a template")?;
        self.called.push((at, name.clone()));
        Ok(Node::Template { name, argument, at })
    }

    /// `block "name" pipeline}} .. {{end}}`
    fn define_and_call(&mut self, open: usize) -> Result<Node, Fault> {
        let at = self.here();
        let name = self.name()?;
        let argument = Some(self.pipeline(false)?);
        self.close("the pipeline of a block")?;
        self.body(name.clone(), open)?;
        Ok(Node::Template { name, argument, at })
    }

    fn pipeline(&mut self, declares: bool) -> Result<Pipe, Fault> {
        let at = self.here();
        let (variables, assigns) = if declares { self.declared()? } else { (Vec::new(), false) };
        let mut commands = Vec::new();
        loop {
            let command = self.command(!commands.is_empty())?;
            commands.push(command);
            if !self.take(&Kind::Pipe) {
                break;
            }
        }
        if !assigns {
            self.scope.extend(variables.iter().cloned());
        }
        Ok(Pipe { at, variables, assigns, commands })
    }

    /// `$a, $b :=`
    fn declared(&mut self) -> Result<(Vec<EcoString>, bool), Fault> {
        let kinds = |at: usize| self.tokens.get(at).map(|token| &token.kind);
        let mut names = Vec::new();
        let mut at = self.at;
        while let Some(Kind::Variable(name)) = kinds(at) {
            names.push(name.clone());
            at += 1;
            if names.len() < 2 && kinds(at) == Some(&Kind::Comma) {
                at += 1;
            } else {
                break;
            }
        }
        let assigns = match kinds(at) {
            Some(Kind::Declare) => false,
            Some(Kind::Assign) => true,
            _ => return Ok((Vec::new(), false)),
        };
        if names.is_empty() || names.iter().any(EcoString::is_empty) {
            return self.fault("a variable is expected in front of this, like $x");
        }
        if assigns && let Some(name) = names.iter().find(|name| !self.scope.contains(name)) {
            return self.fault(eco_format!("variable ${name} is not defined"));
        }
        self.at = at + 1;
        Ok((names, assigns))
    }

    fn command(&mut self, is_piped: bool) -> Result<Command, Fault> {
        let Some(head) = self.operand()? else {
            return self.fault("a value or a function is expected here");
        };
        let mut arguments = Vec::new();
        while let Some(argument) = self.operand()? {
            if let Word::Function(function) = argument.word {
                arity(function, 0).map_err(|message| (argument.at, message))?;
            }
            arguments.push(argument);
        }
        let count = arguments.len() + usize::from(is_piped);
        match &head.word {
            Word::Function(function) => {
                arity(function, count).map_err(|message| (head.at, message))?;
            }
            Word::Nil => return Err((head.at, "nil is no command".into())),
            Word::Constant(_) | Word::Dot if is_piped => {
                return Err((head.at, "a function is expected behind |".into()));
            }
            _ if count > 0 => {
                return Err((head.at, "this is no function, and takes no arguments".into()));
            }
            _ => {}
        }
        Ok(Command { head, arguments })
    }

    fn operand(&mut self) -> Result<Option<Operand>, Fault> {
        let Some(token) = self.peek() else { return Ok(None) };
        let word = match &token.kind {
            Kind::Identifier(name) => match name.as_str() {
                "true" => Word::Constant(Value::Bool(true)),
                "false" => Word::Constant(Value::Bool(false)),
                "nil" => Word::Nil,
                name => match functions::find(name) {
                    Some(function) => Word::Function(function),
                    None => return self.fault(eco_format!("function {name:?} is not defined")),
                },
            },
            Kind::Dot => Word::Dot,
            Kind::Quoted(text) => Word::Constant(Value::Text(text.clone())),
            Kind::Int(number) => Word::Constant(Value::Int(*number)),
            Kind::Float(number) => Word::Constant(Value::Float(*number)),
            Kind::Field(name) => Word::Field(vec![name.clone()]),
            Kind::Variable(name) if self.scope.contains(name) => {
                Word::Variable(name.clone(), Vec::new())
            }
            Kind::Variable(name) => {
                return self.fault(eco_format!("variable ${name} is not defined"));
            }
            Kind::Left => {
                self.at += 1;
                let pipe = self.deeper(|parser| parser.pipeline(false))?;
                if !self.is_next(&Kind::Right) {
                    return self.fault("the parenthesis is not closed by )");
                }
                Word::Paren(Box::new(pipe), Vec::new())
            }
            _ => return Ok(None),
        };
        self.at += 1;
        let word = self.chain(word)?;
        Ok(Some(Operand { at: token.at, word }))
    }

    /// Fields that follow a value without white space.
    fn chain(&mut self, mut word: Word) -> Result<Word, Fault> {
        while let Some(Token { kind: Kind::Field(name), spaced: false, .. }) = self.peek() {
            match &mut word {
                Word::Field(fields) | Word::Variable(_, fields) | Word::Paren(_, fields) => {
                    fields.push(name.clone());
                }
                _ => return self.fault("this has no fields"),
            }
            self.at += 1;
        }
        let Some(token) = self.peek().filter(|token| !token.spaced) else { return Ok(word) };
        match token.kind {
            Kind::Pipe
            | Kind::Close
            | Kind::Right
            | Kind::Comma
            | Kind::Left
            | Kind::Declare
            | Kind::Assign => Ok(word),
            _ => self.fault("white space is expected between two values"),
        }
    }
}

fn arity(function: &Function, count: usize) -> Result<(), EcoString> {
    let (name, fewest) = (function.name, function.fewest);
    if count < fewest {
        return Err(eco_format!("{name} needs {fewest} arguments, not {count}"));
    }
    match function.most {
        Some(most) if count > most => {
            Err(eco_format!("{name} takes {most} arguments, not {count}"))
        }
        _ => Ok(()),
    }
}
