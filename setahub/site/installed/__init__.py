"""The installed app: its manifest, its service worker, and the page that stands in without a network."""
