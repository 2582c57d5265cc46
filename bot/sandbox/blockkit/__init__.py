"""Block Kit as Slack accepts it: tables of blocks, elements and objects with every limit, and what is wrong, with a pointer."""

from bot.sandbox.blockkit.surfaces import (
    BLOCKS_TEXT_LIMIT,
    check_blocks,
    check_message,
    check_view,
    text_length,
)

__all__ = ["BLOCKS_TEXT_LIMIT", "check_blocks", "check_message", "check_view", "text_length"]
