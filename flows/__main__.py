"""``python -m flows VERB``: see `flows.command_line`."""

import signal
import sys

if __name__ == "__main__":
    # Loading takes half a second, in which nothing has begun: until then Ctrl-C just ends the program.
    interrupted = signal.getsignal(signal.SIGINT)
    if interrupted is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from flows.command_line import main

    signal.signal(signal.SIGINT, interrupted)
    sys.exit(main())
