// The first row and column of a workgroup's tile of this height and width. More columns of tiles than a grid is wide go on below.
fn tile_corner(group: vec3<u32>, groups: vec3<u32>, rows: u32, height: u32, width: u32) -> vec2<u32> {
    let down = (rows + height - 1u) / height;
    return vec2<u32>(group.y % down * height, (group.x + group.y / down * groups.x) * width);
}
