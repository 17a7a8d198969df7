"""The morning round in a small greenhouse."""

from fernery import Bed, Fernery


def morning_round(house: Fernery) -> int:
    """Open the roof, water what is dry, and return how many bees came."""
    house.unshutter_roof(degrees=12)
    for bed in house.thirsty_beds(below=0.3):
        bed.drizzle_roots(litres=0.5)
    return house.


if __name__ == "__main__":
    print(morning_round(Fernery([Bed("maidenhair"), Bed("hart's tongue", dampness=0.2)])))
