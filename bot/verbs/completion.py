import click
from click.shell_completion import get_completion_class

from actions.errors import ConfigurationError

SHELLS = ("bash", "zsh", "fish")


@click.command
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes verbs, options and service names in your shell.

    \b
    bash:  echo 'eval "$(backout completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(backout completion zsh)"' >> ~/.zshrc
    fish:  backout completion fish > ~/.config/fish/completions/backout.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise ConfigurationError(f"No completion for {shell}", next_step=f"Choose one of {', '.join(SHELLS)}.")
    click.echo(kind(context.find_root().command, {}, "backout", "_BACKOUT_COMPLETE").source())
