//! Rego, the language of OPA, in Rust: three rules over a data document that is indexed by holder and scope, as OPA's
//! documentation advises, run on regorus' virtual machine.

mod document;

use anyhow::bail;
use bench_common::{Arguments, Question, World, built, converse, question, read, timing};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::RegoVM;
use regorus::{Engine, Rc, Value};
use serde_json::json;

const ENTRY: &str = "data.rbac.allow";
const RULES: &str = r#"
package rbac

default allow := false

held := data.subjects[input.subject]

# Every scope that covers the place.
around := {
    "org",
    input.environment,
    input.project,
    concat("/", [input.project, input.environment]),
}

gives(by_scope) if {
    some scope in around
    some role in by_scope[scope]
    data.roles[role][input.action][input.environment]
}

allow if gives(held.grants)

allow if {
    some name in held.groups
    gives(data.groups[name])
}

allow if {
    some name in held.policies
    gives(data.policies[name])
}
"#;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::read()?;
    let world = read::world(&arguments.directory, &arguments.size)?;
    let questions = question::read(&world, &arguments.directory, &arguments.size)?;
    let (machine, build) = built(|| machine(&world));
    let mut machine = machine?;
    let questions: Vec<_> = questions.into_iter().map(|question| (question.clone(), question.allow)).collect();
    converse(&json!({ "build": build }), |variant| {
        if variant != "strings" {
            bail!("no variant named {variant}");
        }
        let timing = timing(arguments.budget, &questions, |question| {
            machine.set_input(input(question));
            machine.execute().is_ok_and(|answer| answer == Value::from(true))
        });
        Ok(serde_json::to_value(timing)?)
    })
}

fn machine(world: &World) -> anyhow::Result<RegoVM> {
    let data = document::of(world);
    let mut engine = Engine::new();
    engine.add_policy("rbac.rego".to_owned(), RULES.to_owned())?;
    engine.add_data(data.clone())?;
    let compiled = engine.compile_with_entrypoint(&Rc::from(ENTRY))?;
    let program = Compiler::compile_from_policy(&compiled, &[ENTRY])?;
    let mut machine = RegoVM::new_with_policy(compiled);
    machine.load_program(program);
    machine.set_data(data)?;
    Ok(machine)
}

fn input(question: &Question) -> Value {
    document::object([
        ("subject", question.subject.as_str().into()),
        ("action", question.action.as_str().into()),
        ("project", question.project.as_str().into()),
        ("environment", question.environment.as_str().into()),
    ])
}
