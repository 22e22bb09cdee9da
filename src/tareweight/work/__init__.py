"""A day's work around the images: run one, serve several, look into one, take the artifact out."""
