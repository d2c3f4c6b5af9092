// placeholder until the room has its first file
typedef int room_is_empty;
