"""Long work with progress and stop: in a thread or in a process of its own.

`handle` is what both have in common, `process` starts a child process, `thread` a thread of this
process, `limits` keeps numerical libraries to one thread.
"""

from synth.jobs.handle import Job, Progress, State

__all__ = ["Job", "Progress", "State"]
