//! What can become of an answer between a server and the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use extdns_testkit::http::{Interference, Interferer, Reply, Request};
use serde_json::Value;

use crate::dice::Dice;
use crate::mutate;

/// Changes a JSON document into one that is plainly not the whole truth.
pub type Edit = fn(&mut Dice, &mut Value);

/// One lie.
#[derive(Clone, Copy, Debug)]
pub enum Lie {
    /// The connection ends, nothing is done.
    HangUp,
    /// No answer ever comes, nothing is done.
    Hang,
    /// All is done, and the connection ends.
    Lost,
    /// All is done, and no answer ever comes.
    Silence,
    /// This status, nothing is done.
    Status(u16),
    /// All is done, and the answer has this status.
    StatusAfter(u16),
    /// This status and everything that the client sent, secrets included.
    Echo(u16),
    /// A login page.
    Page,
    /// To another place, with what the client sent.
    Redirect(u16),
    /// A page without objects that says where more is, of a list of Kubernetes.
    EmptyPage,
    /// The connection ends within the body.
    Cut,
    /// A shorter body, as if it were whole.
    Truncated,
    /// No body.
    Empty,
    /// The body in small pieces.
    Drip,
    /// The body, and then without end.
    Endless,
    /// The truth as a part: 206.
    Part,
    /// The truth as something else.
    OtherType,
    /// The body twice.
    Twice,
    /// Without this text.
    Without(&'static str),
    /// An edited document.
    Edited(Edit),
    /// Bytes changed, so that anything may come of it.
    Garbled,
    /// A document changed, so that anything may come of it.
    Warped,
}

/// So many requests are never made.
const FOR_EVER: usize = 1 << 30;

/// Wrong answers after which nothing may be deleted that is wanted: they show that they are not complete.
pub const PLAIN: [Lie; 24] = [
    Lie::HangUp,
    Lie::Hang,
    Lie::Lost,
    Lie::Silence,
    Lie::Status(400),
    Lie::Status(401),
    Lie::Status(403),
    Lie::Status(404),
    Lie::Status(409),
    Lie::Status(410),
    Lie::Status(429),
    Lie::Status(500),
    Lie::StatusAfter(502),
    Lie::Echo(401),
    Lie::Echo(500),
    Lie::Page,
    Lie::Redirect(302),
    Lie::Redirect(307),
    Lie::Cut,
    Lie::Truncated,
    Lie::Empty,
    Lie::Drip,
    Lie::Endless,
    Lie::OtherType,
];

/// Lies that may read as another truth.
pub const DEEP: [Lie; 2] = [Lie::Garbled, Lie::Warped];

/// Somebody who lies to a few of the requests that are chosen, and says the truth to all others.
pub fn liar(
    dice: &mut Dice,
    lies: &[Lie],
    chosen: impl Fn(&Request) -> bool + Send + Sync + 'static,
) -> Interferer {
    // Each from a request on, for a few: what is tried again may meet it again.
    let plan: Vec<(usize, usize, Lie)> = (0..dice.between(1, 3))
        .map(|_| (dice.between(0, 4), dice.pick(&[1, 2, 6, FOR_EVER]), dice.pick(lies)))
        .collect();
    let seed = dice.number();
    let seen = AtomicUsize::new(0);
    Box::new(move |request| {
        if !chosen(request) {
            return Interference::None;
        }
        let number = seen.fetch_add(1, Ordering::SeqCst);
        let due = plan.iter().find(|(from, times, _)| (*from..from + times).contains(&number));
        due.map_or(Interference::None, |(_, _, lie)| {
            lie.answer(request, Dice::new(seed, "lie", number as u64))
        })
    })
}

impl Lie {
    fn answer(self, request: &Request, mut dice: Dice) -> Interference {
        let instead = Interference::Instead;
        match self {
            Self::HangUp => instead(Reply::hang_up()),
            Self::Hang => instead(silence()),
            Self::Status(status) => instead(refusal(status)),
            Self::Echo(status) => instead(echo(status, request)),
            Self::Page => instead(page()),
            Self::Redirect(status) => instead(redirect(status, request)),
            Self::EmptyPage => instead(empty_page(request, &mut dice)),
            after => Interference::Spoiled(Box::new(move |truth| after.spoil(truth, &mut dice))),
        }
    }

    fn spoil(self, truth: Reply, dice: &mut Dice) -> Reply {
        let body = truth.content().clone();
        if body.is_empty() && !matches!(self, Self::Lost | Self::Silence | Self::StatusAfter(_)) {
            return truth;
        }
        match self {
            Self::Lost => Reply::hang_up(),
            Self::Silence => silence(),
            Self::StatusAfter(status) => truth.status(status),
            Self::Cut => truth.cut_at(dice.between(0, body.len() - 1)),
            Self::Truncated => truth.body(body.slice(..dice.between(0, body.len() - 1))),
            Self::Empty => truth.body(""),
            Self::Drip => truth.chunks(
                body.chunks(body.len().div_ceil(6)).map(<[u8]>::to_vec),
                Duration::from_millis(8),
            ),
            Self::Endless => truth.endless_body(),
            Self::Part => truth.status(206),
            Self::OtherType => Reply::new(200).header("content-type", "text/html").body(body),
            Self::Twice => truth.body([&body[..], &body[..]].concat()),
            Self::Without(text) => truth.body(String::from_utf8_lossy(&body).replacen(text, "", 1)),
            Self::Edited(edit) => edited(truth, |document| {
                edit(dice, document);
            }),
            Self::Garbled => truth.body(mutate::bytes(dice, &body)),
            _ => edited(truth, |document| *document = mutate::json(dice, document)),
        }
    }
}

fn edited(truth: Reply, edit: impl FnOnce(&mut Value)) -> Reply {
    match serde_json::from_slice::<Value>(truth.content()) {
        Ok(mut document) => {
            edit(&mut document);
            truth.body(document.to_string())
        }
        Err(_) => truth,
    }
}

fn silence() -> Reply {
    Reply::new(200).held_until(Arc::default())
}

fn refusal(status: u16) -> Reply {
    Reply::new(status).header("content-type", "text/plain").body("no")
}

fn page() -> Reply {
    Reply::new(200)
        .header("content-type", "text/html")
        .body("<!DOCTYPE html><html><body>Please log in</body></html>")
}

/// No objects, and a token that was given before or not.
fn empty_page(request: &Request, dice: &mut Dice) -> Reply {
    let (kind, version) = match request.path.rsplit('/').next() {
        Some("services") => ("ServiceList", "v1"),
        Some("ingresses") => ("IngressList", "networking.k8s.io/v1"),
        _ => ("DNSEndpointList", "externaldns.k8s.io/v1alpha1"),
    };
    let token = format!("token-{}", dice.between(1, 3));
    let list = serde_json::json!({
        "kind": kind, "apiVersion": version, "metadata": { "continue": token, "resourceVersion": "1" }, "items": [],
    });
    Reply::json(200, &list)
}

/// Everything that the client sent, as body and as a header.
fn echo(status: u16, request: &Request) -> Reply {
    let sent = request.text();
    let secret = request.header("authorization").unwrap_or("nothing").to_owned();
    let body = serde_json::json!({
        "kind": format!("Status {secret}"), "apiVersion": "v1", "status": "Failure", "reason": secret,
        "message": sent, "code": status,
    });
    Reply::new(status)
        .header(
            "content-type",
            &format!("application/json; for={}", secret.replace(['"', ' '], "+")),
        )
        .body(body.to_string())
}

/// To a port where no server listens, with the secret in the URL.
fn redirect(status: u16, request: &Request) -> Reply {
    let secret = request.header("authorization").unwrap_or("nothing");
    let secret: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let query = request.query.as_deref().unwrap_or_default();
    Reply::new(status).header("location", &format!("http://user:{secret}@127.0.0.1:9/?{query}"))
}
