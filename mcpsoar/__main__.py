"""The entry point. Nothing is imported at the top: a failed import must not end with exit code 1."""


def run() -> None:
    """Run the command line and exit with the contract's code, whatever happens."""
    import sys

    try:
        from mcpsoar.cli.main import main
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseException as error:  # noqa: BLE001 (a broken installation is 'cannot tell', never 'not contained')
        sys.stderr.write(f"mcpsoar: this installation is broken: {error}\n")
        sys.exit(3)
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
