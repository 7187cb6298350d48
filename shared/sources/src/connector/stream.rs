//! Messages of a gob stream: definitions of types, and the first value behind them.

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::gob::{GobError, Reader, Types, Value};

/// What a server may send.
const LARGEST: usize = 64 << 20;

/// Reads up to the first value.
pub(super) async fn read(mut stream: impl AsyncRead + Unpin) -> Result<Value, GobError> {
    let mut types = Types::default();
    let mut left = LARGEST;
    loop {
        let length = length(&mut stream).await?;
        left = left.checked_sub(length).ok_or(GobError::TooLarge(LARGEST >> 20))?;
        let mut message = vec![0; length];
        stream.read_exact(&mut message).await.map_err(GobError::of_stream)?;
        if let Some(value) = types.message(&mut Reader::new(&message))? {
            return Ok(value);
        }
    }
}

/// The length of the next message.
async fn length(stream: &mut (impl AsyncRead + Unpin)) -> Result<usize, GobError> {
    let first = stream.read_u8().await.map_err(GobError::of_stream)?;
    if first < 0x80 {
        return Ok(first.into());
    }
    let count = usize::from(first.wrapping_neg());
    let mut bytes = [0; 8];
    let from = bytes.len().checked_sub(count).ok_or(GobError::Malformed("a number is too long"))?;
    stream.read_exact(&mut bytes[from..]).await.map_err(GobError::of_stream)?;
    usize::try_from(u64::from_be_bytes(bytes)).map_err(|_| GobError::TooLarge(LARGEST >> 20))
}
