//! A template, parsed.

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::functions::Function;
use crate::value::Value;

/// What a text holds: the template itself, and those that it defines.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) root: Vec<Node>,
    pub(crate) defined: BTreeMap<EcoString, Vec<Node>>,
}

/// A part of a template.
#[derive(Debug)]
pub(crate) enum Node {
    Text(EcoString),
    /// `{{pipeline}}`
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    /// `{{template "name" pipeline}}`
    Template {
        name: EcoString,
        argument: Option<Pipe>,
        at: usize,
    },
    Break,
    Continue,
}

/// What a pipeline decides.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) body: Vec<Node>,
    pub(crate) otherwise: Vec<Node>,
}

/// `$a, $b := command | command`
#[derive(Debug)]
pub(crate) struct Pipe {
    /// Where it begins.
    pub(crate) at: usize,
    pub(crate) variables: Vec<EcoString>,
    /// Whether the variables are there already.
    pub(crate) assigns: bool,
    pub(crate) commands: Vec<Command>,
}

/// A function or a value, with arguments.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) head: Operand,
    pub(crate) arguments: Vec<Operand>,
}

/// One word of a command.
#[derive(Debug)]
pub(crate) struct Operand {
    /// Where it begins.
    pub(crate) at: usize,
    pub(crate) word: Word,
}

#[derive(Debug)]
pub(crate) enum Word {
    Function(&'static Function),
    Dot,
    Nil,
    /// A boolean, a number or a string.
    Constant(Value),
    /// `.a.b`
    Field(Vec<EcoString>),
    /// `$x.a.b`; the variable of the whole data has the empty name.
    Variable(EcoString, Vec<EcoString>),
    /// `(pipeline).a.b`
    Paren(Box<Pipe>, Vec<EcoString>),
}
