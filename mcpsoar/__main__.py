"""The entry point. Nothing is imported at the top: a failed import must not end with exit code 1."""


def run() -> None:
    """Run the command line and exit with the contract's code, whatever happens."""
    import gc
    import sys

    gc.set_threshold(50_000)  # what an import makes stays: to search it for garbage makes every start longer
    try:
        _fill_closed()
        from mcpsoar.cli.main import main
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseException as error:  # noqa: BLE001 (a broken installation is 'cannot tell', never 'not contained')
        if sys.stderr is not None:
            sys.stderr.write(f"mcpsoar: this installation is broken: {error}\n")
        sys.exit(3)
    sys.exit(main(sys.argv[1:]))


def _fill_closed() -> None:
    """A journal that got a closed stream's number would be written to by whoever writes to that stream."""
    import os

    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one


if __name__ == "__main__":
    run()
