//! Cryptographic functions of eval (Splunk search reference, Cryptographic functions): hashes of a value's UTF-8 bytes
//! in lower-case hexadecimal; null for null.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use md5::Digest as _;

use super::kernels::{text_or_values, texts};
use super::{Call, FunctionSpec, Kernel};

/// The cryptographic functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    row("md5", "md5(<str>)", "the MD5 hash", |call| hashed(call, |text| md5::Md5::digest(text).to_vec())),
    row("sha1", "sha1(<str>)", "the SHA-1 hash", |call| hashed(call, |text| sha1::Sha1::digest(text).to_vec())),
    row("sha256", "sha256(<str>)", "the SHA-256 hash", |call| hashed(call, |text| sha2::Sha256::digest(text).to_vec())),
    row("sha512", "sha512(<str>)", "the SHA-512 hash", |call| hashed(call, |text| sha2::Sha512::digest(text).to_vec())),
];

const fn row(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    let category = "Cryptographic functions";
    FunctionSpec::new(name, category, syntax, summary, (1, Some(1)), text_or_values, Kernel::Columns(kernel))
}

fn hashed(call: &Call<'_>, hash: fn(&[u8]) -> Vec<u8>) -> Result<ArrayRef> {
    texts(call, |_, text, result| {
        for byte in hash(text.as_bytes()) {
            for digit in [byte >> 4, byte & 15] {
                result.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{integer, null, one, text};

    #[test]
    fn hashes() {
        assert_eq!(one("md5", &[text("Größe")]), "d248453369cf82a6a64617f1357089c5");
        assert_eq!(one("sha1", &[text("The quick brown fox")]), "c519c1a06cdbeb2bc499e22137fb48683858b345");
        assert_eq!(one("sha256", &[text("xy")]), "769a4e6d0003189c7e96c5d9b7e810a0d11c3a12832527ec94b0f86d277f51ca");
        assert!(one("sha512", &[text("")]).starts_with("cf83e1357eefb8bd"));
        assert_eq!(one("md5", &[integer(1)]), "c4ca4238a0b923820dcc509a6f75849b");
        assert_eq!(one("md5", &[null()]), "null");
    }
}
