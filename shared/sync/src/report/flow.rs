//! Text that flows: words go into lines that are no wider than the terminal.

use unicode_width::UnicodeWidthStr as _;

/// Whether a rendering is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// No escape sequences.
    Plain,
    /// ANSI colours (ECMA-48, SGR).
    Ansi,
}

/// What text is rendered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Whether it is coloured.
    pub palette: Palette,
    /// How many columns it has; `None` for a file, in which a line may be of any length.
    pub width: Option<usize>,
}

impl From<Palette> for Screen {
    fn from(palette: Palette) -> Self {
        Self { palette, width: None }
    }
}

/// A colour, as the parameter of SGR; empty for none.
pub(super) type Colour = &'static str;

pub(super) const GREEN: Colour = "32";
pub(super) const YELLOW: Colour = "33";
pub(super) const RED: Colour = "31";
pub(super) const DIM: Colour = "2";
pub(super) const BOLD: Colour = "1";

/// A part of a paragraph.
#[derive(Clone, Copy)]
pub(super) struct Span<'a> {
    /// How many columns are left free before it, where it does not begin a line.
    pub(super) gap: usize,
    pub(super) colour: Colour,
    pub(super) text: &'a str,
}

/// A part without a colour, one column behind the one before.
pub(super) fn plain(text: &str) -> Span<'_> {
    Span { gap: 1, colour: "", text }
}

/// A part in a colour, one column behind the one before.
pub(super) fn painted(colour: Colour, text: &str) -> Span<'_> {
    Span { gap: 1, colour, text }
}

/// The columns that a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// Fewer columns than this take no words beside an indent.
const NARROWEST: usize = 20;

/// Adds a paragraph: its words in order, in lines of which all but the first are indented.
pub(super) fn flow(out: &mut String, screen: Screen, indent: usize, spans: &[Span<'_>]) {
    let limit = screen.width.map_or(usize::MAX, |width| width.max(indent + NARROWEST));
    let mut pen = Pen { out, palette: screen.palette, limit, indent, column: 0, colour: "" };
    for (index, span) in spans.iter().filter(|span| !span.text.is_empty()).enumerate() {
        // A gap in front of the first is an indent.
        let mut gap = if index == 0 { span.gap.saturating_sub(1) } else { span.gap };
        for word in span.text.split(' ') {
            pen.word(gap, span.colour, word);
            gap = 1;
        }
    }
    pen.paint("");
    out.push('\n');
}

struct Pen<'a> {
    out: &'a mut String,
    palette: Palette,
    limit: usize,
    indent: usize,
    column: usize,
    colour: Colour,
}

impl Pen<'_> {
    fn word(&mut self, gap: usize, colour: Colour, word: &str) {
        let wide = columns(word);
        if self.column > self.indent && self.column + gap + wide > self.limit {
            self.next_line();
        } else {
            self.skip(gap, colour);
        }
        self.paint(colour);
        let mut rest = word;
        while self.column + columns(rest) > self.limit {
            let (head, tail) = rest.split_at(fitting(rest, self.limit - self.column));
            self.out.push_str(head);
            self.next_line();
            self.paint(colour);
            rest = tail;
        }
        self.out.push_str(rest);
        self.column += columns(rest);
    }

    fn skip(&mut self, gap: usize, colour: Colour) {
        // Between words of one colour it need not change.
        if colour != self.colour {
            self.paint("");
        }
        self.out.extend(std::iter::repeat_n(' ', gap));
        self.column += gap;
    }

    fn next_line(&mut self) {
        self.paint("");
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.column = self.indent;
    }

    fn paint(&mut self, colour: Colour) {
        if self.palette == Palette::Plain || colour == self.colour {
            return;
        }
        if !self.colour.is_empty() {
            self.out.push_str("\x1b[0m");
        }
        if !colour.is_empty() {
            self.out.extend(["\x1b[", colour, "m"]);
        }
        self.colour = colour;
    }
}

/// The length in bytes of the longest beginning that takes no more columns than this, and at least one character.
fn fitting(text: &str, room: usize) -> usize {
    let ends = text.char_indices().map(|(start, char)| start + char.len_utf8());
    let mut fits = ends.clone().take_while(|end| columns(&text[..*end]) <= room);
    let first = ends.clone().next().unwrap_or(text.len());
    fits.by_ref().last().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowed(width: usize, indent: usize, spans: &[Span<'_>]) -> String {
        let mut out = String::new();
        flow(&mut out, Screen { palette: Palette::Plain, width: Some(width) }, indent, spans);
        out
    }

    #[test]
    fn words_that_do_not_fit_go_below_the_indent() {
        let spans =
            [plain("-"), plain("www.example.org"), Span { gap: 2, ..plain("to be deleted") }];
        assert_eq!(flowed(40, 2, &spans), "- www.example.org  to be deleted\n");
        assert_eq!(flowed(26, 2, &spans), "- www.example.org  to be\n  deleted\n");
    }

    #[test]
    fn a_word_wider_than_the_screen_is_broken() {
        let name = "n".repeat(50);
        let text = flowed(22, 2, &[plain("-"), plain(&name)]);
        assert_eq!(text, format!("- {0}\n  {0}\n  {1}\n", "n".repeat(20), "n".repeat(10)));
        // Wide characters take two columns.
        let text = flowed(22, 2, &[plain(&"字".repeat(12))]);
        assert_eq!(text, format!("{}\n  字\n", "字".repeat(11)));
    }

    #[test]
    fn a_file_has_no_end_of_line() {
        let long = "word ".repeat(100);
        let mut out = String::new();
        flow(&mut out, Palette::Plain.into(), 2, &[plain(long.trim_end())]);
        assert_eq!(out.lines().count(), 1);
    }

    #[test]
    fn colours_end_with_their_line() {
        let screen = Screen { palette: Palette::Ansi, width: Some(22) };
        let mut out = String::new();
        flow(&mut out, screen, 2, &[painted(RED, "-"), painted(DIM, "one two three four five")]);
        let [red, dim, end] = ["\x1b[31m", "\x1b[2m", "\x1b[0m"];
        assert_eq!(out, format!("{red}-{end} {dim}one two three four{end}\n  {dim}five{end}\n"));
    }
}
