//! Handlers through the real router.
