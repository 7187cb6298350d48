//! The words of a template, and how far they are read.

use std::collections::BTreeMap;

use ecow::{EcoString, eco_format};

use crate::ast::Node;
use crate::lexer::{Fault, Kind, Token};

/// Blocks and parentheses nest less deeply than this.
const DEEPEST: usize = 64;

/// Reads the words of a template one after the other.
pub(super) struct Parser<'a> {
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
    /// The length of the text.
    pub(super) end: usize,
    /// The variables that there are.
    pub(super) scope: Vec<EcoString>,
    /// How many loops stand around this place.
    pub(super) loops: usize,
    pub(super) depth: usize,
    pub(super) defined: BTreeMap<EcoString, Vec<Node>>,
    pub(super) called: Vec<(usize, EcoString)>,
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn is_next(&self, kind: &Kind) -> bool {
        self.peek().is_some_and(|token| token.kind == *kind)
    }

    pub(super) fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    pub(super) fn here(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }

    pub(super) fn take(&mut self, kind: &Kind) -> bool {
        let is_next = self.is_next(kind);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn fault<T>(&self, message: impl Into<EcoString>) -> Result<T, Fault> {
        Err((self.here(), message.into()))
    }

    pub(super) fn close(&mut self, after: &str) -> Result<(), Fault> {
        if self.take(&Kind::Close) {
            return Ok(());
        }
        self.fault(eco_format!("}}}} is expected behind {after}"))
    }

    pub(super) fn deeper<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.depth == DEEPEST {
            return self.fault("this nests too deeply");
        }
        self.depth += 1;
        let done = step(self);
        self.depth -= 1;
        done
    }
}
