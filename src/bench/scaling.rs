//! How a step grows that several members share: what each computes as measured on this device, and what lies between them by a model.

use super::measure::{Effort, Stepper};
use super::report::{Setting, median};
use crate::data::Dataset;
use crate::device::group::Collective;
use crate::device::{Device, DeviceError};
use crate::plan::{Exchange, Meeting, Share, Tensor};
use crate::settings::{Config, Recipe};
use crate::train::{Blueprint, Progress, RunError, Session};
use serde::Serialize;
use std::str::FromStr;
use std::time::Instant;

/// What joins the members of a group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Link {
    /// Seconds that a message takes, however short.
    pub latency_seconds: f64,
    /// Bytes that a member sends in a second while it receives as many.
    pub bytes_per_second: f64,
}

/// Links by name, in round figures of what MPI reaches on them: Ethernet of 10 Gbit/s, InfiniBand of 100 Gbit/s.
pub const LINKS: [(&str, Link); 2] = [
    ("ethernet", Link { latency_seconds: 30e-6, bytes_per_second: 1.1e9 }),
    ("infiniband", Link { latency_seconds: 2e-6, bytes_per_second: 11e9 }),
];

/// Sums that are timed: of one number, and of as many as a step adds up.
const SHORT_SUMS: usize = 201;
const LONG_SUMS: usize = 11;
/// Journeys of a tensor to the host and back that are timed.
const JOURNEYS: usize = 9;

impl Link {
    /// Seconds until all members have the sum of so many bytes of each: a reduce-scatter by halving and a gathering by doubling
    /// (Rabenseifner's algorithm: Thakur, Rabenseifner and Gropp, 2005).
    pub fn sum_seconds(&self, members: usize, bytes: f64) -> f64 {
        let (messages, travels) = way_of_a_sum(members, bytes);
        messages * self.latency_seconds + travels / self.bytes_per_second
    }

    /// What makes [`Link::sum_seconds`] true of a group's sums of one number and of `long` numbers: what fits a cache goes faster. All of
    /// the members, two at least, call this at the same time.
    ///
    /// # Errors
    /// When a member has failed or gone.
    pub fn measure(group: &dyn Collective, long: usize) -> Result<Self, DeviceError> {
        let seconds = |count: usize, times: usize| -> Result<f64, DeviceError> {
            let mut numbers = vec![0.0; count];
            group.sum(&mut numbers)?;
            median_seconds(times, || group.sum(&mut numbers))
        };
        let (least, most) = (seconds(1, SHORT_SUMS)?, seconds(long, LONG_SUMS)?);
        let (messages, travels) = way_of_a_sum(group.size(), (4 * long) as f64);
        Ok(Self {
            latency_seconds: least / messages,
            // Where a long sum takes no longer than a short one, the clock is too coarse to tell them apart.
            bytes_per_second: travels / (most - least).max(1e-9),
        })
    }
}

/// Messages of a sum one after another, and bytes that a member sends in all.
fn way_of_a_sum(members: usize, bytes: f64) -> (f64, f64) {
    let count = members as f64;
    (2.0 * count.log2().ceil(), 2.0 * (count - 1.0) / count * bytes)
}

/// How long work takes that is done so many times.
fn median_seconds(times: usize, mut work: impl FnMut() -> Result<(), DeviceError>) -> Result<f64, DeviceError> {
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let start = Instant::now();
        work()?;
        taken.push(start.elapsed().as_secs_f64());
    }
    Ok(median(&mut taken))
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, link)) = LINKS.iter().find(|(name, _)| *name == text) {
            return Ok(*link);
        }
        let positive = |text: &str| text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
        let numbers = text.split_once(',').and_then(|(first, second)| Some((positive(first)?, positive(second)?)));
        let wanted = "a link is `ethernet`, `infiniband`, or microseconds of a message and GB/s, such as `30,1.1`";
        let (microseconds, gigabytes) = numbers.ok_or(wanted)?;
        Ok(Self { latency_seconds: microseconds / 1e6, bytes_per_second: 1e9 * gigabytes })
    }
}

/// A step that is shared by more and more members.
#[derive(Clone, Debug, Serialize)]
pub struct Scaling {
    /// What is trained.
    pub setting: Setting,
    /// The device that each member has one of.
    pub device: String,
    /// What joins them.
    pub link: Link,
    /// Seconds of the whole step on one device.
    pub one_seconds: f64,
    /// What so many members make of it, in the order that was asked for.
    pub groups: Vec<Group>,
}

/// A group of members that share a step.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Group {
    /// How many they are.
    pub members: usize,
    /// Rows that each computes.
    pub rows: usize,
    /// Seconds that a device takes for them, as measured.
    pub own_seconds: f64,
    /// Seconds to the host and back for what is exchanged, as measured.
    pub host_seconds: f64,
    /// Seconds between the members, by the model.
    pub link_seconds: f64,
    /// Bytes of each that are added up in a step.
    pub bytes: f64,
    /// Times in a step that they wait for each other.
    pub meetings: usize,
}

impl Group {
    /// Seconds of a step. Nothing is computed while numbers travel.
    pub fn step_seconds(&self) -> f64 {
        self.own_seconds + self.host_seconds + self.link_seconds
    }
}

impl Scaling {
    /// How many times as fast as one device a group is.
    pub fn speedup(&self, group: &Group) -> f64 {
        self.one_seconds / group.step_seconds()
    }

    /// The same, for each of its members.
    pub fn efficiency(&self, group: &Group) -> f64 {
        self.speedup(group) / group.members as f64
    }

    /// The efficiency where each member has as many rows as the whole step has here, and the step so many times more.
    pub fn weak_efficiency(&self, group: &Group) -> f64 {
        self.one_seconds / (self.one_seconds + group.host_seconds + group.link_seconds)
    }

    /// The group whose step is the shortest.
    pub fn fastest(&self) -> Option<&Group> {
        self.groups.iter().min_by(|a, b| a.step_seconds().total_cmp(&b.step_seconds()))
    }
}

/// Measures a member's share of a step in groups of so many members, each of which divides the batch, and adds what the link would take.
///
/// # Errors
/// When a share is no step of its own (SimCLR wants two images); when the device fails or is too small.
pub fn scaling(
    recipe: &Recipe,
    data: &Dataset,
    device: &Device,
    (counts, link): (&[usize], Link),
    effort: &Effort,
    progress: &mut dyn Progress,
) -> Result<Scaling, RunError> {
    let mut group = |members: usize| -> Result<Group, RunError> {
        let config = Config { batch: recipe.config.batch / members, ..recipe.config.clone() };
        progress.note(&format!("the share of one of {members} ..."));
        let own = Recipe::with(&config, recipe.objective.clone(), recipe.backbone.clone())?;
        let device = Session::tuned(&own, data, device, Share::ALONE, progress)?;
        let (mut session, step) = Session::open_to_train(&own, data, &device)?;
        let (_, mut rounds) = Stepper::new(&mut session, step).rounds(effort)?;
        let journey = Journey::measure(&mut session)?;
        let share = Share { size: members, ..Share::ALONE };
        let step = Blueprint::of_share(recipe, data, u64::MAX, share).training_step().map_err(DeviceError::from)?;
        let mut group = Group {
            members,
            rows: config.batch * config.views,
            own_seconds: 1.0 / median(&mut rounds),
            host_seconds: 0.0,
            link_seconds: 0.0,
            bytes: 0.0,
            meetings: step.meetings.len(),
        };
        for meeting in &step.meetings {
            let travels = travelling(meeting);
            group.host_seconds += journey.seconds(carried(meeting));
            group.link_seconds += link.sum_seconds(members, travels);
            group.bytes += travels;
        }
        Ok(group)
    };
    let one = group(1)?;
    let groups = counts.iter().map(|&members| if members == 1 { Ok(one) } else { group(members) });
    let groups = groups.collect::<Result<_, _>>()?;
    let (setting, device) = (Setting::new(&recipe.config), device.name());
    Ok(Scaling { setting, device, link, one_seconds: one.own_seconds, groups })
}

fn bytes(tensor: Tensor) -> f64 {
    (4 * tensor.len()) as f64
}

/// Bytes of a meeting that go to the host, and come back as many.
fn carried(meeting: &Meeting) -> f64 {
    match meeting.what {
        Exchange::Gather { all, .. } => (bytes(meeting.tensor) + bytes(all)) / 2.0,
        _ => bytes(meeting.tensor),
    }
}

/// Bytes of a meeting that go from member to member, as of a sum: what is gathered travels once where summands do twice.
fn travelling(meeting: &Meeting) -> f64 {
    match meeting.what {
        Exchange::Gather { all, .. } => bytes(all) / 2.0,
        Exchange::Row { rows, .. } => bytes(meeting.tensor) / rows as f64,
        _ => bytes(meeting.tensor),
    }
}

/// How long numbers take from a device to the host and back.
struct Journey {
    /// Seconds of a short one.
    least: f64,
    /// And more for each byte.
    each_byte: f64,
}

impl Journey {
    fn measure(session: &mut Session) -> Result<Self, DeviceError> {
        let (short, long) = (session.blueprint.state.clock, session.blueprint.memory.weights);
        let executor = session.executor.as_mut();
        let mut seconds = |tensor| {
            median_seconds(JOURNEYS, || {
                let values = executor.read(tensor)?;
                executor.write(tensor, &values)
            })
        };
        let (least, most) = (seconds(short)?, seconds(long)?);
        Ok(Self { least, each_byte: (most - least).max(0.0) / bytes(long) })
    }

    fn seconds(&self, bytes: f64) -> f64 {
        self.least + self.each_byte * bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, Link, Scaling, Setting};
    use crate::device::group::Table;
    use crate::settings::Config;

    const LINK: Link = Link { latency_seconds: 1e-5, bytes_per_second: 1e9 };

    #[test]
    fn sums_take_a_message_each_way_and_all_but_a_share_of_the_bytes_twice() {
        let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} is not {want}");
        close(LINK.sum_seconds(1, 1e6), 0.0);
        close(LINK.sum_seconds(2, 1e6), 2e-5 + 1e-3);
        close(LINK.sum_seconds(3, 1e6), 4e-5 + 2e-3 * 2.0 / 3.0);
        close(LINK.sum_seconds(64, 0.0), 12e-5);
    }

    #[test]
    fn links_are_names_or_two_numbers() {
        assert_eq!("10,1".parse(), Ok(LINK));
        assert_eq!("infiniband".parse(), Ok(Link { latency_seconds: 2e-6, bytes_per_second: 11e9 }));
        for wrong in ["", "10", "10,", "0,1", "1,-1", "nan,1", "1,inf", "1,2,3", "token ring"] {
            assert!(wrong.parse::<Link>().is_err_and(|why| why.contains("`30,1.1`")), "{wrong}");
        }
    }

    #[test]
    fn efficiency_is_what_is_left_of_a_members_time() {
        let group = |members, own_seconds, link_seconds| Group {
            members,
            rows: 1,
            own_seconds,
            host_seconds: 0.1,
            link_seconds,
            bytes: 1.0,
            meetings: 1,
        };
        let groups = vec![group(2, 0.5, 0.2), group(4, 0.25, 0.05), group(8, 0.2, 0.3)];
        let setting = Setting::new(&Config::default());
        let scaling = Scaling { setting, device: String::new(), link: LINK, one_seconds: 1.0, groups };
        let [two, four, _] = [0, 1, 2].map(|at| scaling.groups[at]);
        assert_eq!(
            [scaling.speedup(&two), scaling.speedup(&four)],
            [1.0 / (0.5 + 0.1 + 0.2), 1.0 / (0.25 + 0.1 + 0.05)]
        );
        assert_eq!(scaling.efficiency(&four), scaling.speedup(&four) / 4.0);
        assert_eq!(scaling.weak_efficiency(&two), 1.0 / (1.0 + 0.1 + 0.2));
        assert_eq!(scaling.fastest().map(|group| group.members), Some(4));
    }

    #[test]
    fn a_link_is_measured_between_all_members() {
        let links: Vec<Link> = std::thread::scope(|scope| {
            let members: Vec<_> = Table::seats(3, true)
                .into_iter()
                .map(|seat| scope.spawn(move || Link::measure(&seat, 100_000).expect("nobody fails")))
                .collect();
            members.into_iter().map(|member| member.join().expect("it does not panic")).collect()
        });
        assert!(links.iter().all(|link| link.latency_seconds > 0.0 && link.bytes_per_second > 0.0), "{links:?}");
    }
}
