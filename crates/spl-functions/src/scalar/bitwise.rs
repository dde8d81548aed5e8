//! Bitwise functions of eval (Splunk search reference, Bitwise functions): arguments are whole numbers from 0 to
//! 2^53-1, anything else gives null.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use super::kernels::{integer, integers};
use super::{Call, FunctionSpec, Kernel};

/// The bitwise functions.
pub const FUNCTIONS: &[FunctionSpec] = &[
    row("bit_and", "bit_and(<values>)", "the bitwise AND", (2, None), |call| folded(call, |a, b| a & b)),
    row("bit_or", "bit_or(<values>)", "the bitwise OR", (2, None), |call| folded(call, |a, b| a | b)),
    row("bit_not", "bit_not(<value>,<bitmask>)", "the bits inverted, of those in the mask", (1, Some(2)), |call| {
        integers(call, |row| {
            let mask = if call.has(1) { bits(call, 1, row)? } else { MOST };
            Some(!bits(call, 0, row)? & mask)
        })
    }),
    row("bit_xor", "bit_xor(<values>)", "the bitwise exclusive OR", (2, None), |call| folded(call, |a, b| a ^ b)),
    row(
        "bit_shift_left",
        "bit_shift_left(<value>,<shift_offset>)",
        "the bits shifted to the left; those beyond the 53rd are lost",
        (2, Some(2)),
        |call| shifted(call, |value, offset| (value & (MOST >> offset)) << offset),
    ),
    row("bit_shift_right", "bit_shift_right(<value>,<shift_offset>)", "the bits shifted to the right", (2, Some(2)), |call| {
        shifted(call, |value, offset| value >> offset)
    }),
];

/// The largest number: 53 bits.
const MOST: i64 = (1 << 53) - 1;

const fn row(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    arity: super::Arity,
    kernel: fn(&Call<'_>) -> Result<ArrayRef>,
) -> FunctionSpec {
    FunctionSpec::new(name, "Bitwise functions", syntax, summary, arity, integer, Kernel::Columns(kernel))
}

fn bits(call: &Call<'_>, argument: usize, row: usize) -> Option<i64> {
    let number = call.value(argument, row).number()?;
    (number.fract() == 0.0 && (0.0..=MOST as f64).contains(&number)).then_some(number as i64)
}

fn folded(call: &Call<'_>, combine: fn(i64, i64) -> i64) -> Result<ArrayRef> {
    integers(call, |row| {
        let mut result = bits(call, 0, row)?;
        for argument in 1..call.arguments.len() {
            result = combine(result, bits(call, argument, row)?);
        }
        Some(result)
    })
}

fn shifted(call: &Call<'_>, shift: fn(i64, i64) -> i64) -> Result<ArrayRef> {
    integers(call, |row| {
        let (value, offset) = (bits(call, 0, row)?, bits(call, 1, row)?);
        Some(if offset > 53 { 0 } else { shift(value, offset) })
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{integer, number, one, text};

    #[test]
    fn documented_results() {
        let two = |name: &str, a: i64, b: i64| one(name, &[integer(a), integer(b)]);
        assert_eq!(two("bit_and", 12, 9), "8");
        assert_eq!(two("bit_or", 4, 2), "6");
        assert_eq!(two("bit_xor", 3, 2), "1");
        assert_eq!(two("bit_not", 9, 15), "6");
        assert_eq!(one("bit_not", &[integer(9)]), "9007199254740982");
        assert_eq!(two("bit_shift_left", 2, 1), "4");
        assert_eq!(two("bit_shift_left", 1, 53), "0");
        assert_eq!(two("bit_shift_left", 3, 52), "4503599627370496");
        assert_eq!(two("bit_shift_left", 3, 57), "0");
        assert_eq!(two("bit_shift_left", 3, (1 << 53) - 1), "0");
        assert_eq!(two("bit_shift_left", 3, 1 << 53), "null");
        assert_eq!(two("bit_shift_left", 3, -2), "null");
        assert_eq!(two("bit_shift_right", 4, 1), "2");
        assert_eq!(two("bit_shift_right", -3, 1), "null");
        assert_eq!(two("bit_and", 1 << 53, 1), "null");
        assert_eq!(one("bit_and", &[number(1.5), integer(1)]), "null");
        assert_eq!(one("bit_and", &[text("6"), integer(3), integer(2)]), "2");
    }
}
