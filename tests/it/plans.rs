//! What `Graph::finish` accepts, on random lists of dispatches that compute nothing: exactly what a plain reading of the rules accepts.
//! Where it accepts, no value is overwritten by a tensor that shares its memory.

use crate::common::random::cases;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use wgpu_simvae::device::Executor;
use wgpu_simvae::device::cpu::CpuExecutor;
use wgpu_simvae::kernels::{Access, Args, Binding, DType, Kernel, Launch, Shader, Tuning};
use wgpu_simvae::math::Real;
use wgpu_simvae::plan::{Graph, Layout, Place, Plan, PlanError, Share, Tensor};

/// A kernel with any bindings.
#[derive(Clone, Debug)]
struct Nothing(Vec<Binding>);

impl Kernel for Nothing {
    type Params = u32;
    fn bindings(&self) -> Vec<Binding> {
        self.0.clone()
    }
    fn params(&self) -> u32 {
        0
    }
    fn launch(&self, _tuning: &Tuning) -> Launch {
        Launch::elementwise(Shader::new("nothing", ""), 1)
    }
    fn twin<T: Real>(&self, _args: Args<'_, T>) {}
}

/// What the host does with a tensor, or where it lies in a region.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Plain,
    Kept,
    Input,
    Region { from: usize },
}

/// A tensor's handle.
#[derive(Clone, Debug)]
struct Held {
    kind: Kind,
    words: bool,
    len: usize,
    /// What the handle claims beyond that.
    extra: usize,
}

/// One binding of a dispatch.
#[derive(Clone, Copy, Debug)]
struct Use {
    tensor: usize,
    access: Access,
    len: usize,
}

#[derive(Clone, Debug)]
struct Case {
    tensors: Vec<Held>,
    dispatches: Vec<Vec<Use>>,
}

/// Elements of the region; its parts begin at multiples of 64.
const REGION: usize = 192;

fn held() -> impl Strategy<Value = Held> {
    let kind = prop_oneof![
        4 => Just(Kind::Plain),
        1 => Just(Kind::Kept),
        1 => Just(Kind::Input),
        2 => (0..3usize).prop_map(|part| Kind::Region { from: 64 * part }),
    ];
    let extra = prop_oneof![12 => Just(0usize), 1 => Just(1)];
    (kind, any::<bool>(), 1..4usize, extra).prop_map(|(kind, words, len, extra)| match kind {
        Kind::Region { from } => Held { kind, words: false, len: (64 * len).min(REGION - from), extra: 0 },
        _ => Held { kind, words, len, extra },
    })
}

fn case() -> impl Strategy<Value = Case> {
    let access = prop_oneof![3 => Just(Access::Read), 3 => Just(Access::Write), 1 => Just(Access::Update)];
    // Mostly the whole tensor, sometimes a part or more than there is.
    let part = prop_oneof![8 => Just(None), 2 => (0..4usize).prop_map(Some)];
    let uses = prop::collection::vec((any::<prop::sample::Index>(), access, part), 1..4);
    (prop::collection::vec(held(), 1..7), prop::collection::vec(uses, 1..14)).prop_map(|(tensors, dispatches)| {
        let using = |(tensor, access, part): (prop::sample::Index, Access, Option<usize>)| {
            let tensor = tensor.index(tensors.len());
            Use { tensor, access, len: part.unwrap_or(tensors[tensor].len) }
        };
        let dispatches = dispatches.into_iter().map(|uses| uses.into_iter().map(using).collect()).collect();
        Case { tensors, dispatches }
    })
}

impl Case {
    /// Where a binding reaches: the memory, and its elements.
    fn reach(&self, Use { tensor, len, .. }: Use) -> (Option<usize>, Range<usize>) {
        match self.tensors[tensor].kind {
            Kind::Region { from } => (None, from..from + len),
            _ => (Some(tensor), 0..len),
        }
    }

    fn meet(&self, a: Use, b: Use) -> bool {
        let ((memory, a), (other, b)) = (self.reach(a), self.reach(b));
        memory == other && a.start.max(b.start) < a.end.min(b.end)
    }

    /// Whether two bindings want memory of the same tensor, or of overlapping parts of the region.
    fn clash(&self, a: Use, b: Use) -> bool {
        let whole = |u: Use| Use { len: self.tensors[u.tensor].len, ..u };
        self.meet(whole(a), whole(b))
    }

    /// All that is wrong with the dispatch at `d`, where none before it is wrong.
    fn faults(&self, d: usize) -> Vec<&'static str> {
        let mut found = Vec::new();
        let earlier =
            || self.dispatches[..d].iter().enumerate().flat_map(|(p, uses)| uses.iter().map(move |u| (p, *u)));
        for (i, &u) in self.dispatches[d].iter().enumerate() {
            let Held { kind, len, extra, .. } = self.tensors[u.tensor];
            let host = matches!(kind, Kind::Input | Kind::Region { .. });
            if extra > 0 {
                found.push("view");
            }
            if u.len > len + extra {
                found.push("binding");
            }
            let others = self.dispatches[d].iter().enumerate().filter(|&(j, _)| i != j);
            if u.access != Access::Read && others.into_iter().any(|(_, &other)| self.clash(u, other)) {
                found.push("overlap");
            }
            let writes =
                |e: usize| earlier().any(|(_, w)| w.tensor == u.tensor && w.access == Access::Write && w.len > e);
            if u.access != Access::Write && !host && !(0..u.len).all(writes) {
                found.push("unwritten");
            }
            let looked_at =
                |p: usize, w: Use| earlier().any(|(q, r)| q > p && r.access != Access::Write && self.meet(r, w));
            let lost = |(p, w): (usize, Use)| w.access != Access::Read && self.meet(w, u) && !looked_at(p, w);
            if u.access == Access::Write && earlier().any(lost) {
                found.push("lost");
            }
        }
        found
    }

    fn first_faults(&self) -> Option<(usize, Vec<&'static str>)> {
        (0..self.dispatches.len()).map(|d| (d, self.faults(d))).find(|(_, faults)| !faults.is_empty())
    }

    /// The case without the dispatches that are wrong.
    fn repaired(mut self) -> Self {
        while let Some((d, _)) = self.first_faults() {
            self.dispatches.remove(d);
        }
        self
    }

    fn finish(&self) -> (Layout, Result<Plan, PlanError>) {
        let mut layout = Layout::default();
        let region = layout.add("region", DType::Real, [REGION]);
        let mut g = Graph::new("random");
        let tensors: Vec<Tensor> = self.tensors.iter().map(|held| handle(&mut g, region, held)).collect();
        for (d, uses) in self.dispatches.iter().enumerate() {
            let binding = |u: &Use| Binding { dtype: tensors[u.tensor].dtype, ..Binding::real("it", u.access, u.len) };
            let bound: Vec<Tensor> = uses.iter().map(|u| tensors[u.tensor]).collect();
            g.push(&format!("{d}"), Nothing(uses.iter().map(binding).collect()), &bound);
        }
        (layout, g.finish())
    }
}

fn handle(g: &mut Graph, region: Tensor, held: &Held) -> Tensor {
    let Held { kind, words, len, extra } = *held;
    let tensor = match (kind, words) {
        (Kind::Region { from }, _) => return region.slice(from, [len]),
        (Kind::Input, false) => g.input("input", [len]),
        (Kind::Input, true) => g.input_uints("input", [len]),
        (_, false) => g.tensor("reals", [len]),
        (_, true) => g.uints("words", [len]),
    };
    if kind == Kind::Kept {
        g.keep(tensor);
    }
    Tensor { shape: [len + extra].into(), ..tensor }
}

/// The dispatch that an error is about, and its kind.
fn told(error: &PlanError) -> (String, &'static str) {
    match error {
        PlanError::Binding { label, .. } => (label.clone(), "binding"),
        PlanError::View { label, .. } => (label.clone(), "view"),
        PlanError::Overlap { label, .. } => (label.clone(), "overlap"),
        PlanError::Unwritten { label, .. } => (label.clone(), "unwritten"),
        PlanError::Lost { label, .. } => (label.clone(), "lost"),
        PlanError::Count { label, .. } => (label.clone(), "count"),
        PlanError::Foreign { label, .. } => (label.clone(), "foreign"),
    }
}

/// What a dispatch wrote is exchanged and read; what nobody wrote, or is of another plan, is not.
#[test]
fn exchanges_are_checked_as_dispatches_are() {
    let share = Share { rank: 1, size: 3, ..Share::ALONE };
    let bound = |access, len| Nothing(vec![Binding::real("x", access, len)]);
    let gathered = |writes: bool, reads: usize| {
        let mut g = Graph::new("shared").shared(share.clone());
        let own = g.tensor("own", [4]);
        if writes {
            g.push("write", bound(Access::Write, 4), &[own]);
        }
        let all = g.gather(own);
        g.push("read", bound(Access::Read, reads), &[all]);
        g.finish()
    };
    assert_eq!(gathered(true, 12).expect("nothing is wrong").meetings.len(), 1);
    let refused = |plan: Result<Plan, PlanError>| told(&plan.expect_err("it is refused"));
    assert_eq!(refused(gathered(true, 13)), ("read".to_owned(), "binding"));
    assert_eq!(refused(gathered(false, 12)), ("exchange".to_owned(), "unwritten"));
    let mut g = Graph::new("shared").shared(share);
    g.gather(Graph::new("another").tensor("own", [4]));
    assert_eq!(refused(g.finish()), ("exchange".to_owned(), "foreign"));
}

/// Of tensors that are gathered at one place, none lies where another still waits for its turn.
#[test]
fn what_is_gathered_at_one_place_shares_no_memory() {
    let mut g = Graph::new("shared").shared(Share { rank: 1, size: 3, ..Share::ALONE });
    let bound = |access, tensor: Tensor| Nothing(vec![Binding::real("x", access, tensor.len())]);
    let own = [4, 12, 36].map(|len| g.tensor("own", [len]));
    own.iter().for_each(|&own| g.push("write", bound(Access::Write, own), &[own]));
    let all = own.map(|own| g.gather(own));
    all.iter().for_each(|&all| g.push("read", bound(Access::Read, all), &[all]));
    let plan = g.finish().expect("nothing is wrong");
    let slots: BTreeSet<usize> = own.iter().chain(&all).filter_map(|tensor| slot(&plan, tensor)).collect();
    assert_eq!(slots.len(), own.len() + all.len());
}

/// Where an intermediate tensor lies.
fn slot(plan: &Plan, tensor: &Tensor) -> Option<usize> {
    match tensor.place {
        Place::Arena { index, .. } => Some(plan.arena.slot_of[index]),
        Place::Region { .. } => None,
    }
}

/// Follows each slot through two replays: who reads a tensor finds what was written to that tensor.
fn assert_no_value_is_overwritten(case: &Case, plan: &Plan) {
    let slot = |tensor: &Tensor| match tensor.place {
        Place::Arena { index, .. } => Some((slot(plan, tensor)?, index)),
        Place::Region { .. } => None,
    };
    let mut owner: BTreeMap<usize, usize> = BTreeMap::new();
    for (index, held) in case.tensors.iter().filter(|held| !matches!(held.kind, Kind::Region { .. })).enumerate() {
        let at = plan.arena.slot_of[index];
        assert!(plan.arena.slots[at].len >= held.len);
        assert_eq!(plan.arena.slots[at].dtype, if held.words { DType::Uint } else { DType::Real });
        if held.kind != Kind::Plain {
            let tenants = plan.arena.slot_of.iter().filter(|&&other| other == at).count();
            assert_eq!(tenants, 1, "what the host reads or writes shares its memory");
            owner.insert(at, index);
        }
    }
    for dispatch in plan.dispatches.iter().chain(&plan.dispatches) {
        let bindings = dispatch.kernel.bindings();
        let bound = || bindings.iter().zip(&dispatch.tensors).filter_map(|(b, tensor)| Some((b, slot(tensor)?)));
        for (binding, (at, index)) in bound().filter(|(binding, _)| binding.len > 0) {
            if binding.access != Access::Write {
                assert_eq!(owner.get(&at), Some(&index), "dispatch {}", dispatch.label);
            }
            owner.insert(at, index);
        }
        for (_, (at, index)) in bound() {
            assert!(
                bound().all(|(_, (other, of))| other != at || of == index),
                "two tensors of a dispatch in one slot"
            );
        }
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn a_list_is_refused_where_and_why_it_is_wrong(case in case()) {
        match (case.finish().1, case.first_faults()) {
            (Ok(_), None) => {}
            (Err(error), Some((d, faults))) => {
                let (label, kind) = told(&error);
                prop_assert!(label == d.to_string() && faults.contains(&kind), "{error}: {faults:?} of dispatch {d}");
            }
            (found, wanted) => prop_assert!(false, "{found:?}, expected {wanted:?}"),
        }
    }

    #[test]
    fn tensors_that_share_memory_never_meet(case in case()) {
        let case = case.repaired();
        let (layout, plan) = case.finish();
        let plan = plan.expect("nothing is wrong");
        assert_no_value_is_overwritten(&case, &plan);
        let mut executor = CpuExecutor::<f32>::new(&layout).expect("there is room");
        let id = executor.load(plan).expect("it loads");
        executor.run(id, 2).expect("it runs");
    }
}
