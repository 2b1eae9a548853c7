"""The little of panther_analysis_tool that unit tests of data models ask for."""
