"""Builds a model from rows of tables: how they become OpenSim's bodies, joints, functions, muscles and markers."""
