//! Data models: reading, inheritance, messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

const MODEL: &str = r#"{"modelName": "M", "displayName": "Model", "objects": [
    {"objectName": "Root", "parentName": "BaseEvent", "lineage": "Root",
     "fields": [{"fieldName": "_time", "owner": "BaseEvent", "type": "timestamp", "required": false, "multivalue": false},
                {"fieldName": "Root", "owner": "Root", "type": "objectCount"},
                {"fieldName": "a", "owner": "Root", "type": "string", "required": true}],
     "calculations": [{"calculationType": "Eval", "expression": "if(isnull(b),0,b)", "outputFields": [{"fieldName": "b", "type": "number"}]}],
     "constraints": [{"search": "tag=x", "owner": "Root"}]},
    {"objectName": "Child", "parentName": "Root", "lineage": "Root.Child",
     "fields": [{"fieldName": "c", "type": "boolean", "multivalue": true}],
     "calculations": [
        {"calculationType": "Rex", "inputField": "a", "expression": "(?<d>.)", "outputFields": [{"fieldName": "d", "type": "string"}]},
        {"calculationType": "Lookup", "lookupName": "l", "lookupInputs": [{"inputField": "a", "lookupField": "k"}],
         "outputFields": [{"fieldName": "e", "type": "string", "lookupOutputFieldName": "v"}]}],
     "constraints": [{"search": "tag=y"}]},
    {"objectName": "S", "parentName": "BaseSearch", "baseSearch": "tag=z | eval q=1"}]}"#;

#[test]
fn reads_a_model() {
    let model = DataModel::parse(MODEL, "m.json").unwrap();
    assert_eq!((model.name.as_str(), model.display_name.as_str()), ("M", "Model"));
    assert_eq!(model.constraint_chain("Child").unwrap(), ["tag=x", "tag=y"]);
    assert_eq!(model.constraint_chain("Root.Child").unwrap(), ["tag=x", "tag=y"]);
    assert_eq!(model.constraint_chain("S").unwrap(), ["tag=z | eval q=1"]);
    assert_eq!(model.lineage("Child"), ["Root", "Child"]);
    let names: Vec<_> = model.all_fields("Child").unwrap().iter().map(|f| (f.name.as_str(), f.owner.as_str())).collect();
    assert_eq!(names, [("_time", "BaseEvent"), ("a", "Root"), ("b", "Root"), ("c", "Child"), ("d", "Child"), ("e", "Child")]);
    assert_eq!(model.all_calculations("Child").unwrap().len(), 3);
    assert_eq!(
        model.datasets["Child"].calculations[1].kind,
        CalculationKind::Lookup {
            lookup: "l".into(),
            inputs: vec![("k".into(), "a".into())],
            outputs: vec![("v".into(), "e".into())]
        }
    );
    assert_eq!(model.root().unwrap().name, "Root");
}

#[test]
fn unknown_datasets_get_near_names() {
    let model = DataModel::parse(MODEL, "m.json").unwrap();
    let problem = model.dataset("Chidl").unwrap_err();
    assert_eq!(problem.message, "data model `M` has no dataset `Chidl`");
    assert_eq!(problem.help.as_deref(), Some("did you mean `M.Child`?"));
    assert!(model.dataset("Other.Child").is_err());
}

#[test]
fn bad_models() {
    let message = |json: &str| DataModel::parse(json, "m.json").unwrap_err()[0].message.clone();
    assert!(message("{").starts_with("m.json: "));
    assert!(message(r#"{"modelName":"M","objects":[{"objectName":"A","parentName":"B"}]}"#).contains("parent `B`"));
    assert!(message(r#"{"modelName":"M","objects":[{"objectName":"A","parentName":"A"}]}"#).contains("own parent"));
    let cycle = r#"{"modelName":"M","objects":[{"objectName":"A","parentName":"B"},{"objectName":"B","parentName":"A"}]}"#;
    assert!(message(cycle).contains("own ancestor"));
    let kind = r#"{"modelName":"M","objects":[{"objectName":"A","fields":[{"fieldName":"x","type":"blob"}]}]}"#;
    assert!(message(kind).contains("unknown type `blob`"));
}

#[test]
fn transaction_datasets_are_searches() {
    let json = r#"{"modelName":"Shop","objects":[
        {"objectName":"Views","parentName":"BaseEvent","constraints":[{"search":"view"}]},
        {"objectName":"Orders","parentName":"BaseEvent","constraints":[{"search":"order"}]},
        {"objectName":"Visits","parentName":"BaseTransaction","objectsToGroup":["Views"],"groupByFields":["user","client ip"],
         "transactionMaxPause":"30m","transactionMaxTimeSpan":"","fields":[{"fieldName":"duration","type":"number"}]},
        {"objectName":"Baskets","parentName":"BaseTransaction","objectsToGroup":["Views","Orders"],"transactionMaxTimeSpan":60},
        {"objectName":"Long_Visits","parentName":"Visits","constraints":[{"search":"duration>60"}]}]}"#;
    let model = DataModel::parse(json, "m.json").unwrap();
    assert_eq!(
        model.constraint_chain("Long_Visits").unwrap(),
        [r#"| from datamodel:"Shop.Views" | transaction "user" "client ip" maxpause=30m"#, "duration>60"]
    );
    assert_eq!(
        model.datasets["Baskets"].base_search.as_deref(),
        Some(
            r#"| from datamodel:"Shop.Views" | append [| from datamodel:"Shop.Orders"] | sort 0 - _time | transaction maxspan=60"#
        )
    );
    let wrong = DataModel::parse(r#"{"modelName":"M","objects":[{"objectName":"T","parentName":"BaseTransaction"}]}"#, "m.json");
    assert_eq!(wrong.unwrap_err()[0].message, "m.json: transaction dataset `T` names no dataset in `objectsToGroup`");
}
