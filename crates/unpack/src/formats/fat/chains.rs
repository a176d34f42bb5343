//! Chains of clusters: the table says of each cluster which one comes next.
//!
//! An entry has 12, 16 or 28 bits. 0 is a free cluster, the largest eight values end a chain and the one below them marks a bad cluster.
//! Hostile tables have chains that come back to themselves, share clusters or lead out of the filesystem.

use std::collections::HashSet;

use assay_core::{
    Problem,
    facts::{Anomaly, ImageFact},
};

use super::{Reader, TOLD};

/// Clusters of a file: first and count, in order.
type Runs = Vec<(u32, u32)>;

impl Reader<'_> {
    /// The table's entry of a cluster: the next one, 0 for a free one.
    pub fn next(&self, cluster: u32) -> Option<u32> {
        let (at, number) = (self.boot.fat_at, u64::from(cluster));
        match self.boot.bits {
            12 => self.input.le16(at + number * 3 / 2).map(|pair| u32::from(if cluster % 2 == 1 { pair >> 4 } else { pair & 0xFFF })),
            16 => self.input.le16(at + number * 2).map(u32::from),
            _ => self.input.le32(at + number * 4).map(|entry| entry & 0x0FFF_FFFF),
        }
    }

    /// Smallest value that ends a chain; the one before it marks a bad cluster.
    pub fn last(&self) -> u32 {
        match self.boot.bits {
            12 => 0xFF8,
            16 => 0xFFF8,
            _ => 0x0FFF_FFF8,
        }
    }

    pub fn at(&self, cluster: u32) -> u64 {
        self.boot.data + u64::from(cluster.saturating_sub(2)) * self.boot.cluster
    }

    /// Follows a chain to its end and claims its clusters. `at` is where the first one is named.
    pub fn chain(&mut self, first: u32, at: u64, name: &str) -> Runs {
        let mut runs = Runs::new();
        let mut seen = HashSet::new();
        let mut cluster = first;
        let mut from = at;
        while cluster < self.last() {
            if self.context.step(1).is_err() {
                self.over();
                break;
            }
            if !(2..self.boot.clusters.saturating_add(2)).contains(&cluster) {
                self.opened.problem(Problem::corrupt(
                    from,
                    format!("{name}: the chain leads to cluster {cluster}, which is free, bad or not there"),
                ));
                break;
            }
            if !seen.insert(cluster) {
                self.opened.fact(from, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: format!("{name}: cluster {cluster}") });
                self.opened.problem(Problem::corrupt(from, format!("{name}: the chain comes back to cluster {cluster}")));
                break;
            }
            if self.used.get_mut(cluster as usize - 2).is_some_and(|used| std::mem::replace(used, true)) {
                self.overlaps += 1;
                if self.overlaps <= TOLD {
                    self.opened
                        .fact(self.at(cluster), ImageFact::Anomaly { kind: Anomaly::Overlap, subject: format!("cluster {cluster}") });
                    self.opened.problem(
                        Problem::corrupt(self.at(cluster), format!("{name}: cluster {cluster} belongs to another file too"))
                            .over(self.boot.cluster),
                    );
                }
            }
            match runs.last_mut() {
                Some((start, count)) if *start + *count == cluster => *count += 1,
                _ => runs.push((cluster, 1)),
            }
            from = self.boot.fat_at + u64::from(cluster) * u64::from(self.boot.bits) / 8;
            let Some(next) = self.next(cluster) else { break };
            cluster = next;
        }
        runs
    }
}
