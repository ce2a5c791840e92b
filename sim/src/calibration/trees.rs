//! Boosted trees (Friedman 2001) that tell two kinds of rows apart: small, without randomness, the same on any machine. No
//! well-kept crate does this in a few hundred lines of dependencies. Knows nothing of what the columns mean.

const DEPTH: usize = 3;
const ROUNDS: usize = 80;
const SHRINKAGE: f64 = 0.15;
/// Places where a column may be cut.
const CUTS: usize = 24;
const LEAST_IN_A_LEAF: f64 = 12.0;
/// Keeps a leaf of few rows near zero.
const RIDGE: f64 = 2.0;

#[derive(Clone, Debug)]
enum Node {
    Leaf(f64),
    Cut { column: usize, at: f64, low: Box<Node>, high: Box<Node> },
}

impl Node {
    fn of(&self, row: &[f64]) -> f64 {
        match self {
            Node::Leaf(value) => *value,
            Node::Cut { column, at, low, high } => {
                if row.get(*column).is_some_and(|value| value <= at) {
                    low.of(row)
                } else {
                    high.of(row)
                }
            }
        }
    }
}

/// Trees that were grown on labelled rows.
#[derive(Clone, Debug)]
pub(super) struct Trees {
    trees: Vec<Node>,
    /// What each column's cuts have gained.
    pub(super) gains: Vec<f64>,
}

struct Growing<'a> {
    rows: &'a [Vec<f64>],
    cuts: &'a [Vec<f64>],
    /// First and second derivative of the loss, by row.
    slopes: &'a [(f64, f64)],
}

impl Trees {
    /// Grows trees that give high values to rows with a true label.
    pub(super) fn grow(rows: &[Vec<f64>], labels: &[bool]) -> Trees {
        let columns = rows.first().map_or(0, Vec::len);
        let cuts: Vec<Vec<f64>> = (0..columns).map(|column| cuts(rows, column)).collect();
        let mut grown = Trees { trees: Vec::new(), gains: vec![0.0; columns] };
        let mut scores = vec![0.0; rows.len()];
        let all: Vec<usize> = (0..rows.len()).collect();
        for _ in 0..ROUNDS {
            let slopes: Vec<(f64, f64)> = scores
                .iter()
                .zip(labels)
                .map(|(score, label)| {
                    let p = 1.0 / (1.0 + libm::exp(-score));
                    (f64::from(u8::from(*label)) - p, p * (1.0 - p))
                })
                .collect();
            let growing = Growing { rows, cuts: &cuts, slopes: &slopes };
            let tree = growing.node(&all, DEPTH, &mut grown.gains);
            for (score, row) in scores.iter_mut().zip(rows) {
                *score += tree.of(row);
            }
            grown.trees.push(tree);
        }
        grown
    }

    /// How much a row looks like one with a true label.
    pub(super) fn score(&self, row: &[f64]) -> f64 {
        self.trees.iter().map(|tree| tree.of(row)).sum()
    }
}

fn cuts(rows: &[Vec<f64>], column: usize) -> Vec<f64> {
    let mut values: Vec<f64> = rows.iter().filter_map(|row| row.get(column)).copied().collect();
    values.sort_by(f64::total_cmp);
    let mut cuts: Vec<f64> = (1..CUTS).filter_map(|n| values.get(values.len() * n / CUTS)).copied().collect();
    cuts.dedup();
    cuts
}

impl Growing<'_> {
    fn sums(&self, members: impl Iterator<Item = usize>) -> (f64, f64) {
        let slopes = members.filter_map(|member| self.slopes.get(member));
        slopes.fold((0.0, 0.0), |(g, h), (slope, bend)| (g + slope, h + bend))
    }

    fn value(&self, row: usize, column: usize) -> f64 {
        self.rows.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0.0)
    }

    fn node(&self, members: &[usize], depth: usize, gains: &mut [f64]) -> Node {
        let (slope, bend) = self.sums(members.iter().copied());
        let leaf = Node::Leaf(SHRINKAGE * slope / (bend + RIDGE));
        if depth == 0 {
            return leaf;
        }
        let gain_of = |g: f64, h: f64| g * g / (h + RIDGE);
        let mut best: Option<(f64, usize, f64)> = None;
        for (column, cuts) in self.cuts.iter().enumerate() {
            // Sums between neighbouring cuts, then up to each.
            let mut bins = vec![(0.0, 0.0, 0.0); cuts.len() + 1];
            for &member in members {
                let bin = cuts.partition_point(|cut| *cut < self.value(member, column));
                if let (Some(bin), Some((g, h))) = (bins.get_mut(bin), self.slopes.get(member)) {
                    *bin = (bin.0 + g, bin.1 + h, bin.2 + 1.0);
                }
            }
            let (mut g, mut h, mut n) = (0.0, 0.0, 0.0);
            for (bin, cut) in bins.iter().zip(cuts) {
                (g, h, n) = (g + bin.0, h + bin.1, n + bin.2);
                if n < LEAST_IN_A_LEAF || members.len() as f64 - n < LEAST_IN_A_LEAF {
                    continue;
                }
                let gain = gain_of(g, h) + gain_of(slope - g, bend - h) - gain_of(slope, bend);
                if best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, column, *cut));
                }
            }
        }
        let Some((gain, column, at)) = best.filter(|(gain, ..)| *gain > 1e-6) else { return leaf };
        if let Some(sum) = gains.get_mut(column) {
            *sum += gain;
        }
        let (low, high): (Vec<usize>, Vec<usize>) =
            members.iter().partition(|&&member| self.value(member, column) <= at);
        Node::Cut {
            column,
            at,
            low: Box::new(self.node(&low, depth - 1, gains)),
            high: Box::new(self.node(&high, depth - 1, gains)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Trees;
    use crate::calibration::features::auc;
    use crate::chance::Chance;

    /// Label = the sign of the product of two columns: neither says anything alone. A third is noise.
    #[test]
    fn trees_find_what_only_two_columns_together_tell() {
        let mut chance = Chance::new(1, 1);
        let rows: Vec<Vec<f64>> =
            (0..1200).map(|_| (0..3).map(|_| chance.between(-1.0, 1.0)).collect()).collect();
        let labels: Vec<bool> = rows.iter().map(|row| row[0] * row[1] > 0.0).collect();
        let (seen, unseen) = rows.split_at(800);
        let trees = Trees::grow(seen, &labels[..800]);
        let (mut high, mut low) = (Vec::new(), Vec::new());
        for (row, label) in unseen.iter().zip(&labels[800..]) {
            if *label { high.push(trees.score(row)) } else { low.push(trees.score(row)) }
        }
        assert!(auc(&low, &high) > 0.9, "{}", auc(&low, &high));
        assert!(trees.gains[2] < trees.gains[0].min(trees.gains[1]), "the noise is not believed");
    }
}
