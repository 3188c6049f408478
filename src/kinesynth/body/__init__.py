"""Body models in SMPL-X's file schema: a free one, a licensed one where a user has it; landmarks on any."""
