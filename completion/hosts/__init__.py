"""Where the engine lives: in this process, or in one of its own that all fronts share.

* *engine*: a completion service and the process around it, with torch, monitors, drafters, analysis.
* *front*: a process that serves an editor or a program; it holds documents, never a model.
* *host*: how a front comes by a service, ``base.EngineHost``.
* *run folder*: the user's private folder where running engines are found (``run_folder``).
* *channel*: a connection between a front and an engine, with messages on it.

An engine is one per user, device and model.  It takes a lock for its life, listens, writes down how to reach
it, loads, and answers any number of fronts until it has been idle for long.  Requests carry
whole documents as values, so an engine knows nothing that a front would have to repeat after a restart.
"""
