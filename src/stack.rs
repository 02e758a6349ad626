//! Every layer, outermost first, each with the reason for its place. Order is behaviour.
