//! Finding the smallest list of faults that still does it.

/// Returns a part of `items`, in their order, for which `still` holds and from which nothing can be taken away so that
/// it still does. It must hold for all of `items`.
pub(crate) fn shrink<T: Clone>(items: &[T], mut still: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = items.to_vec();
    let mut at = 0;
    while at < kept.len() {
        let mut without = kept.clone();
        without.remove(at);
        if still(&without) {
            kept = without;
            // What could not be taken away before may go now.
            at = 0;
        } else {
            at += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_kept() {
        let needed = |kept: &[u8]| kept.contains(&3) && kept.contains(&5);
        assert_eq!(shrink(&[1, 2, 3, 4, 5, 6], needed), [3, 5]);
        assert_eq!(shrink(&[1, 2], |_| true), Vec::<u8>::new());
        assert_eq!(shrink(&[1, 2], |kept| kept.len() == 2), [1, 2]);
    }

    #[test]
    fn one_of_two_that_each_would_do_is_enough() {
        assert_eq!(shrink(&[1, 2], |kept| !kept.is_empty()).len(), 1);
    }
}
