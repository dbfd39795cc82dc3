"""The pages: server-rendered, without a front-end build, under a strict content security policy."""
