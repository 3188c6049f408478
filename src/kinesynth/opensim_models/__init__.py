"""What several stages ask of a model that OpenSim has opened. Import its modules in a process of its own only."""
