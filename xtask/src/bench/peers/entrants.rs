//! Who is measured.

use super::cells::Role;

/// A program of `bench/peers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    Ours,
    Floor,
    Librdkafka,
    FranzGo,
    Java,
    Krafka,
    Kacrab,
    Confluent,
    Rskafka,
}

impl Program {
    pub(crate) const ALL: [Self; 9] = [
        Self::Ours,
        Self::Floor,
        Self::Librdkafka,
        Self::FranzGo,
        Self::Java,
        Self::Krafka,
        Self::Kacrab,
        Self::Confluent,
        Self::Rskafka,
    ];

    /// As `--peers` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Floor => "floor",
            Self::Librdkafka => "librdkafka",
            Self::FranzGo => "franz-go",
            Self::Java => "java",
            Self::Krafka => "krafka",
            Self::Kacrab => "kacrab",
            Self::Confluent => "confluent",
            Self::Rskafka => "rskafka",
        }
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.name() == name)
    }

    /// The package of `bench/peers`; none for what cargo does not build.
    pub(crate) fn package(self) -> Option<String> {
        match self {
            Self::FranzGo | Self::Java => None,
            _ => Some(format!("peer-{}", self.name())),
        }
    }

    /// Whether there is a second program that counts its allocations.
    pub(crate) fn is_counted(self) -> bool {
        !matches!(
            self,
            Self::Floor | Self::Librdkafka | Self::FranzGo | Self::Java
        )
    }

    /// Why allocations are unknown, where no program counts them.
    pub(crate) fn not_counted(self) -> &'static str {
        match self {
            Self::Librdkafka => "C, not counted",
            Self::Java => "JVM, not counted",
            _ => "not counted",
        }
    }
}

/// A program in one of its ways, and what it is called in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entrant {
    pub(crate) program: Program,
    pub(crate) name: &'static str,
    /// `default` or `best`.
    pub(crate) mode: &'static str,
    pub(crate) variant: &'static str,
    produces: bool,
    consumes: bool,
    latency: bool,
    /// Also where one factor is varied, not at the baseline alone.
    everywhere: bool,
}

impl Entrant {
    /// What all ratios are to.
    pub(crate) fn is_ours(&self) -> bool {
        self.program == Program::Ours && self.variant.is_empty()
    }

    fn does(&self, role: Role) -> bool {
        match role {
            Role::Produce => self.produces,
            Role::Consume => self.consumes,
            Role::Latency => self.latency,
        }
    }
}

/// Who takes part in a cell: everyone at the baseline, the nearest rivals elsewhere.
pub(crate) fn taking_part(role: Role, everyone: bool, programs: &[Program]) -> Vec<Entrant> {
    let all = ALL.iter().filter(|entrant| {
        entrant.does(role)
            && (everyone || entrant.everywhere)
            && (programs.contains(&entrant.program) || entrant.is_ours())
    });
    all.copied().collect()
}

const BASE: Entrant = Entrant {
    program: Program::Ours,
    name: "ours",
    mode: "default",
    variant: "",
    produces: true,
    consumes: true,
    latency: true,
    everywhere: true,
};

const fn default(program: Program, name: &'static str, everywhere: bool) -> Entrant {
    Entrant {
        program,
        name,
        everywhere,
        ..BASE
    }
}

const fn best(program: Program, name: &'static str, everywhere: bool) -> Entrant {
    Entrant {
        mode: "best",
        latency: false,
        ..default(program, name, everywhere)
    }
}

const ALL: &[Entrant] = &[
    BASE,
    Entrant {
        name: "ours, send_batch",
        variant: "batch",
        consumes: false,
        latency: false,
        everywhere: false,
        ..BASE
    },
    Entrant {
        name: "ours, owned records",
        variant: "owned",
        produces: false,
        latency: false,
        ..BASE
    },
    Entrant {
        program: Program::Floor,
        name: "floor",
        latency: false,
        ..BASE
    },
    Entrant {
        consumes: false,
        ..best(Program::Floor, "floor, 128 KiB", false)
    },
    Entrant {
        variant: "crc",
        produces: false,
        ..best(Program::Floor, "floor, CRC and iterate", false)
    },
    default(Program::Librdkafka, "librdkafka", true),
    best(Program::Librdkafka, "librdkafka, best", true),
    Entrant {
        variant: "idempotent",
        consumes: false,
        ..default(Program::Librdkafka, "librdkafka, idempotent", false)
    },
    default(Program::FranzGo, "franz-go", true),
    best(Program::FranzGo, "franz-go, best", false),
    default(Program::Java, "java", false),
    best(Program::Java, "java, best", false),
    default(Program::Krafka, "krafka", false),
    best(Program::Krafka, "krafka, best", false),
    // The Rust peers that came nearest, one at each role.
    Entrant {
        produces: true,
        ..default(Program::Kacrab, "kacrab", true)
    },
    Entrant {
        consumes: false,
        ..best(Program::Kacrab, "kacrab, best", false)
    },
    default(Program::Confluent, "confluent-kafka", false),
    Entrant {
        consumes: false,
        ..best(Program::Confluent, "confluent-kafka, best", false)
    },
    default(Program::Rskafka, "rskafka", false),
    Entrant {
        consumes: false,
        ..best(Program::Rskafka, "rskafka, best", true)
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ours_is_always_there_and_names_are_told_apart() {
        for role in [Role::Produce, Role::Consume, Role::Latency] {
            for everyone in [true, false] {
                let entrants = taking_part(role, everyone, &Program::ALL);
                assert_eq!(entrants.iter().filter(|one| one.is_ours()).count(), 1);
                let names: BTreeSet<_> = entrants.iter().map(|one| one.name).collect();
                assert_eq!(names.len(), entrants.len());
            }
            assert_eq!(taking_part(role, true, &[]).len(), 1);
        }
    }

    #[test]
    fn every_program_takes_part_at_the_baseline() {
        let programs = |role| -> BTreeSet<Program> {
            let entrants = taking_part(role, true, &Program::ALL);
            entrants.iter().map(|one| one.program).collect()
        };
        assert_eq!(programs(Role::Produce).len(), Program::ALL.len());
        assert_eq!(programs(Role::Consume).len(), Program::ALL.len());
        for program in Program::ALL {
            assert_eq!(Program::find(program.name()), Some(program));
        }
    }
}
