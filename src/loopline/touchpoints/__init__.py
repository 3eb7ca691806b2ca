"""touchpoints"""
