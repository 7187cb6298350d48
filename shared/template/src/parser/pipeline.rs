//! Pipelines: commands, the variables that they set, and their arguments.

use ecow::{EcoString, eco_format};

use crate::ast::{Command, Operand, Pipe, Word};
use crate::functions::{self, Function};
use crate::lexer::{Fault, Kind, Token};
use crate::value::Value;

use super::cursor::Parser;

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, declares: bool) -> Result<Pipe, Fault> {
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
