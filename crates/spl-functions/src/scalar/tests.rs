//! Tests of the registry and of the wrapper.

use std::sync::Arc;

use arrow::array::{DictionaryArray, Int32Array, StringViewArray};
use arrow::datatypes::Int32Type;
use datafusion_expr::ColumnarValue;

use super::testing::{evaluate, integer, text};
use super::{all, is_operator, lookup};

#[test]
fn names_are_unique_and_rows_complete() {
    let mut names: Vec<&str> = all().map(|function| function.name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1], "listed twice");
    }
    for function in all() {
        assert!(!function.summary.is_empty(), "{}", function.name);
        let (fewest, most) = function.arity;
        assert!(most.is_none_or(|most| fewest <= most), "{}", function.name);
        if !function.is_operator() {
            assert!(function.syntax.starts_with(&format!("{}(", function.name)), "{}", function.name);
        }
    }
}

#[test]
fn operators_are_told_from_functions() {
    assert!(is_operator("spl_add"));
    assert!(is_operator("search_term"));
    assert!(!is_operator("searchmatch"));
    assert!(!is_operator("len"));
    assert!(lookup("SUBSTR").is_some());
}

fn dictionary() -> ColumnarValue {
    let keys = Int32Array::from(vec![Some(1), None, Some(0), Some(1)]);
    let values = StringViewArray::from(vec![Some("first"), Some("Second")]);
    ColumnarValue::Array(Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::new(values))))
}

#[test]
fn dictionaries_give_what_their_texts_give() {
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(evaluate("lower", &[dictionary()]).unwrap(), [some("second"), None, some("first"), some("second")]);
    assert_eq!(evaluate("match", &[dictionary(), text("^S")]).unwrap(), [some("True"), None, some("False"), some("True")]);
    assert_eq!(evaluate("isnull", &[dictionary()]).unwrap(), [some("False"), some("True"), some("False"), some("False")]);
    assert_eq!(
        evaluate("search_equal", &[dictionary(), text("i:SEC*")]).unwrap(),
        [some("True"), some("False"), some("False"), some("True")]
    );
    assert_eq!(evaluate("substr", &[dictionary(), integer(1), integer(2)]).unwrap(), [some("Se"), None, some("fi"), some("Se")]);
    // Two columns are read row by row.
    assert_eq!(evaluate("spl_equal", &[dictionary(), dictionary()]).unwrap(), [some("True"), None, some("True"), some("True")]);
}
