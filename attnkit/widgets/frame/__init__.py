"""What all widgets share: the base class, the modules' bundler, and the prediction that opens a chapter."""
