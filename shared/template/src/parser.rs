//! From words to a tree.

mod cursor;
mod pipeline;

use std::collections::BTreeMap;

use ecow::{EcoString, eco_format};

use crate::ast::{Branch, Node, Tree};
use crate::lexer::{Fault, Kind, lex};

use self::cursor::Parser;

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

impl Parser<'_> {
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
}
