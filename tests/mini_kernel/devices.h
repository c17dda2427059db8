// SPDX-License-Identifier: GPL-3.0-or-later
// The devices and the network of the mini kernel; a part of kernel.c.

// ---- Device numbers: mem has its cdev, tty's is in the map, input has none
// ----

struct file_operations {
  void* owner;
};
struct file_operations memory_fops, tty_fops;
struct cdev {
  struct file_operations* ops;
  u32 dev;
};
struct cdev memory_device = {&memory_fops}, tty_device = {&tty_fops};
struct char_device_struct {
  struct char_device_struct* next;
  unsigned int major, baseminor;
  int minorct;
  char name[64];
  struct cdev* cdev;
};
struct char_device_struct mem_numbers = {0, 1, 0, 256, "mem", &memory_device};
struct char_device_struct serial_numbers = {0, 4, 64, 4, "ttyS"};
struct char_device_struct tty_numbers = {&serial_numbers, 4, 1, 63, "tty"};
struct char_device_struct input_numbers = {0, 13, 0, 1024, "input"};
struct char_device_struct* chrdevs[255] = {
    [1] = &mem_numbers, [4] = &tty_numbers, [13] = &input_numbers};
struct kobj_map {
  struct probe {
    struct probe* next;
    u32 dev;
    unsigned long range;
    void* data;
  } * probes[255];
  void* lock;
};
struct probe no_probe = {0, 1, ~0ul};
struct probe tty_probe = {&no_probe, 4 << 20 | 1, 63, &tty_device};
struct kobj_map character_map = {
    {[1] = &no_probe, [4] = &tty_probe, [13] = &no_probe}};
struct kobj_map* cdev_map = &character_map;

// ---- Disks: vda with two requests on their way, its partition, and loop0 ----

struct klist {
  u32 k_lock;
  struct list_head k_list;
};
struct klist_node {
  void* n_klist;
  struct list_head n_node;
};
struct device_type {
  const char* name;
};
struct device;
struct device_private {
  struct klist_node knode_class;
  struct device* device;
};
struct device {
  struct kobject kobj;
  struct device_private* p;
  struct device_type* type;
};
struct class {
  const char* name;
};
struct subsys_private {
  struct kset subsys;
  struct klist klist_devices;
  struct class* class;
};
enum mq_rq_state { MQ_RQ_IDLE, MQ_RQ_IN_FLIGHT, MQ_RQ_COMPLETE };
struct request_queue;
struct request {
  struct request_queue* q;
  u32 cmd_flags;
  enum mq_rq_state state;
};
struct blk_mq_tags {
  unsigned int nr_tags, nr_reserved_tags;
  struct sbitmap_queue bitmap_tags, breserved_tags;
  struct request** rqs;
};
struct blk_mq_hw_ctx {
  struct blk_mq_tags* tags;
};
struct request_queue {
  void* mq_ops;
  struct xarray hctx_table;
};
typedef struct {
  atomic_long_t a;
} local_t;
struct disk_stats {
  unsigned long ios[4];
  local_t in_flight[2];
};
struct gendisk;
struct block_device {
  struct disk_stats* bd_stats;
  struct gendisk* bd_disk;
  u32 bd_dev;
  struct device bd_device;
};
struct block_device_operations {
  void* owner;
};
struct gendisk {
  int major;
  char disk_name[32];
  struct block_device* part0;
  struct block_device_operations* fops;
  struct request_queue* queue;
};
struct bdev_inode {
  struct block_device bdev;
  struct inode vfs_inode;
};
struct blk_major_name {
  struct blk_major_name* next;
  int major;
  char name[16];
};
struct block_device_operations virtblk_fops, lo_fops;
extern struct request_queue disk_queue, loop_queue;
struct request disk_requests[3] = {{&disk_queue, 0, MQ_RQ_IN_FLIGHT},
                                   {&disk_queue, 1, MQ_RQ_IN_FLIGHT},
                                   {&disk_queue, 0, MQ_RQ_COMPLETE}};
struct request* disk_pointers[66] = {
    [3] = &disk_requests[0], [5] = &disk_requests[2], [65] = &disk_requests[1]};
struct blk_mq_tags disk_tags = {
    100, 0, {{100, 6, 2, 0, tag_words, 0}}, {{0}}, disk_pointers};
struct blk_mq_hw_ctx disk_hardware = {&disk_tags};
struct request_queue disk_queue = {&disk_tags, {0, 0, &disk_hardware}};
struct request_queue loop_queue = {0};
struct disk_stats disk_statistics = {{1070, 424}, {{{1}}, {{1}}}};
struct disk_stats loop_statistics;
extern struct bdev_inode disk_device, part_device, loop_device;
struct gendisk first_disk = {254, "vda", &disk_device.bdev, &virtblk_fops,
                             &disk_queue};
struct gendisk loop_disk = {7, "loop0", &loop_device.bdev, &lo_fops,
                            &loop_queue};
struct device_type disk_type = {"disk"}, part_type = {"partition"};
extern struct subsys_private block_private;
extern struct device_private disk_private, part_private, loop_private;
#define CLASS_LINK(name, after, before, owner) \
  struct device_private name = {{0, {(after), (before)}}, (owner)}
#define CLASS_NODE(private) &(private).knode_class.n_node
CLASS_LINK(disk_private, CLASS_NODE(part_private),
           &block_private.klist_devices.k_list, &disk_device.bdev.bd_device);
CLASS_LINK(part_private, CLASS_NODE(loop_private), CLASS_NODE(disk_private),
           &part_device.bdev.bd_device);
CLASS_LINK(loop_private, &block_private.klist_devices.k_list,
           CLASS_NODE(part_private), &loop_device.bdev.bd_device);
extern struct super_block block_super;
struct bdev_inode disk_device = {
    {&disk_statistics,
     &first_disk,
     254 << 20,
     {{"vda"}, &disk_private, &disk_type}},
    {.i_sb_list = {&part_device.vfs_inode.i_sb_list, &block_super.s_inodes}}};
struct bdev_inode part_device = {
    {&disk_statistics,
     &first_disk,
     254 << 20 | 1,
     {{"vda1"}, &part_private, &part_type}},
    {.i_sb_list = {&loop_device.vfs_inode.i_sb_list,
                   &disk_device.vfs_inode.i_sb_list}}};
struct bdev_inode loop_device = {
    {&loop_statistics,
     &loop_disk,
     7 << 20,
     {{"loop0"}, &loop_private, &disk_type}},
    {.i_sb_list = {&block_super.s_inodes, &part_device.vfs_inode.i_sb_list}}};
struct super_block block_super = {
    .s_inodes = {&disk_device.vfs_inode.i_sb_list,
                 &loop_device.vfs_inode.i_sb_list}};
struct super_block* blockdev_superblock = &block_super;
struct blk_major_name extended_major = {0, 259, "blkext"};
struct blk_major_name loop_major = {0, 7, "loop"};
struct blk_major_name disk_major = {0, 254, "virtblk"};
struct blk_major_name* major_names[255] = {
    [4] = &extended_major, [7] = &loop_major, [254] = &disk_major};
struct class block_class = {"block"};
extern struct kset all_classes;
struct subsys_private block_private = {
    {.kobj = {"block", {&all_classes.list, &all_classes.list}}},
    {0, {CLASS_NODE(disk_private), CLASS_NODE(loop_private)}},
    &block_class};
struct kset all_classes = {
    {&block_private.subsys.kobj.entry, &block_private.subsys.kobj.entry}};
struct kset* class_kset = &all_classes;

// ---- Ports and physical addresses ----

struct resource {
  unsigned long start, end;
  const char* name;
  struct resource *parent, *sibling, *child;
};
extern struct resource ioport_resource, iomem_resource, ram_resource;
struct resource serial_ports = {0x3f8, 0x3ff, "serial", &ioport_resource};
struct resource timer_ports = {0x40, 0x43, "timer0", &ioport_resource,
                               &serial_ports};
struct resource ioport_resource = {0, 0xffff, "PCI IO", 0, 0, &timer_ports};
struct resource code_resource = {0x1000000, 0x17fffff, "Kernel code",
                                 &ram_resource};
struct resource apic_resource = {0xfee00000, 0xfee00fff, "Local APIC",
                                 &iomem_resource};
struct resource ram_resource = {0x100000,       0x1ffffff,
                                "System RAM",   &iomem_resource,
                                &apic_resource, &code_resource};
struct resource iomem_resource = {0, 0xffffffffff, "PCI mem", 0,
                                  0, &ram_resource};

// ---- PCI: a bridge, and a disk behind it ----

struct pci_bus {
  struct list_head node;
  struct pci_bus* parent;
  struct list_head children, devices;
  struct device dev;
};
struct pci_dev {
  struct list_head bus_list;
  u16 vendor, device;
  u32 class;
  u8 hdr_type;
  u16 pcie_flags_reg;
  struct device dev;
};
extern struct list_head pci_root_buses;
extern struct pci_bus root_bus, second_bus;
struct pci_dev bridge = {{&root_bus.devices, &root_bus.devices},
                         0x8086,
                         0x1234,
                         0x60400,
                         1,
                         0x42,
                         {{"0000:00:01.0"}}};
struct pci_dev controller = {{&second_bus.devices, &second_bus.devices},
                             0x1af4,
                             0x1001,
                             0x10000,
                             0,
                             2,
                             {{"0000:01:00.0"}}};
struct pci_bus root_bus = {{&pci_root_buses, &pci_root_buses},
                           0,
                           {&second_bus.node, &second_bus.node},
                           {&bridge.bus_list, &bridge.bus_list},
                           {{"0000:00"}}};
struct pci_bus second_bus = {{&root_bus.children, &root_bus.children},
                             &root_bus,
                             LIST(second_bus.children),
                             {&controller.bus_list, &controller.bus_list},
                             {{"0000:01"}}};
struct list_head pci_root_buses = {&root_bus.node, &root_bus.node};

// ---- Network devices and neighbours ----

struct in6_addr {
  u8 bytes[16];
};
struct in_ifaddr {
  struct in_ifaddr* ifa_next;
  u32 ifa_local, ifa_address;
  u8 ifa_prefixlen;
};
struct in_device {
  struct in_ifaddr* ifa_list;
};
struct inet6_ifaddr {
  struct in6_addr addr;
  u32 prefix_len;
  struct list_head if_list;
};
struct inet6_dev {
  struct list_head addr_list;
};
struct net {
  struct list_head dev_base_head;
};
extern struct net init_net;
#define V4(a, b, c, d) ((a) | (b) << 8 | (c) << 16 | (u32)(d) << 24)
struct in_ifaddr loopback_address = {0, V4(127, 0, 0, 1), V4(127, 0, 0, 1), 8};
struct in_ifaddr tunnel_address = {0, V4(10, 0, 2, 15), V4(10, 0, 2, 2), 32};
struct in_device loopback_v4 = {&loopback_address};
struct in_device tunnel_v4 = {&tunnel_address};
extern struct inet6_dev loopback_v6;
struct inet6_ifaddr loopback_address6 = {
    {{[15] = 1}}, 128, {&loopback_v6.addr_list, &loopback_v6.addr_list}};
struct inet6_dev loopback_v6 = {
    {&loopback_address6.if_list, &loopback_address6.if_list}};
const u8 no_hardware_address[6] = {0};
const u8 card_address[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
struct net_device card;
struct net_device sample_device = {"lo",
                                   1,
                                   65536,
                                   9,
                                   772,
                                   6,
                                   no_hardware_address,
                                   &loopback_v4,
                                   &loopback_v6,
                                   {&card.dev_list, &init_net.dev_base_head}};
struct net_device card = {"eth0",
                          2,
                          1500,
                          0x1003,
                          1,
                          6,
                          card_address,
                          &tunnel_v4,
                          0,
                          {&init_net.dev_base_head, &sample_device.dev_list}};
struct net init_net = {{&sample_device.dev_list, &card.dev_list}};
struct neighbour {
  struct neighbour* next;
  struct net_device* dev;
  u8 nud_state;
  u8 ha[32];
  u8 primary_key[];
};
struct neigh_hash_table {
  struct neighbour** hash_buckets;
  unsigned int hash_shift;
};
struct neigh_table {
  struct neigh_hash_table* nht;
};
struct neighbour loopback_neighbour = {
    0, &sample_device, 0x40, {0}, {0, 0, 0, 0}};
struct neighbour router = {
    0, &card, 0x84, {0x52, 0x55, 10, 0, 2, 2}, {10, 0, 2, 2}};
struct neighbour router6 = {
    0, &card, 2, {0x52, 0x56, 0, 0, 0, 2}, {0xfe, 0x80, [15] = 2}};
struct neighbour* arp_buckets[2] = {&router, &loopback_neighbour};
struct neighbour* discovery_buckets[2] = {0, &router6};
struct neigh_hash_table arp_hash = {arp_buckets, 1};
struct neigh_hash_table discovery_hash = {discovery_buckets, 1};
struct neigh_table arp_tbl = {&arp_hash}, nd_tbl = {&discovery_hash};

// ---- Sockets of the waiter ----

struct proto {
  char name[32];
};
struct sock_common {
  union {
    struct {
      u32 skc_daddr, skc_rcv_saddr;
    };
  };
  union {
    struct {
      u16 skc_dport, skc_num;
    };
  };
  u16 skc_family;
  u8 skc_state;
  struct proto* skc_prot;
  struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct sk_buff {
  struct sk_buff *next, *prev;
  u32 len;
};
struct sk_buff_head {
  struct sk_buff *next, *prev;
  u32 qlen;
};
typedef struct {
  atomic_t refs;
} refcount_t;
struct sock {
  struct sock_common __sk_common;
  struct sk_buff_head sk_receive_queue;
  struct {
    atomic_t rmem_alloc;
  } sk_backlog;
  refcount_t sk_wmem_alloc;
  u32 sk_ack_backlog;
  u16 sk_protocol;
};
struct inet_sock {
  struct sock sk;
  u16 inet_sport;
};
struct tcp_sock {
  struct inet_sock inet;
  u32 copied_seq, rcv_nxt, snd_una, write_seq;
};
struct udp_sock {
  struct inet_sock inet;
  int forward_deficit;
};
struct sockaddr_un {
  u16 sun_family;
  char sun_path[108];
};
struct unix_address {
  int len;
  struct sockaddr_un name[];
};
struct unix_sock {
  struct sock sk;
  struct unix_address* addr;
  struct sock* peer;
};
struct netlink_sock {
  struct sock sk;
  u32 portid;
};
struct proto_ops {
  int family;
};
enum { SS_UNCONNECTED = 1, SS_CONNECTED = 3 };
struct socket {
  int state;
  short type;
  struct sock* sk;
  struct proto_ops* ops;
};
struct socket_alloc {
  struct socket socket;
  struct inode vfs_inode;
};
#define PORT(number) ((number) >> 8 | ((number)&0xff) << 8)
struct proto tcp_prot = {"TCP"}, udp6_prot = {"UDPv6"};
struct proto unix_prot = {"UNIX-STREAM"}, netlink_proto = {"NETLINK"};
// 18 bytes have not been read, 5 not been confirmed.
struct tcp_sock tcp_socket = {{{{{{V4(10, 0, 2, 2), V4(10, 0, 2, 15)}},
                                 {{PORT(40312), 22}},
                                 2,
                                 1,
                                 &tcp_prot},
                                .sk_wmem_alloc = {{1}},
                                .sk_protocol = 6},
                               PORT(22)},
                              0xfffffff8,
                              10,
                              100,
                              105};
struct udp_sock udp_socket = {
    {{{.skc_family = 10, .skc_state = 7, .skc_prot = &udp6_prot},
      .sk_backlog = {{4352}},
      .sk_wmem_alloc = {{1}},
      .sk_protocol = 17},
     PORT(5353)},
    4096};
struct unix_address socket_path = {12, {{1, "/run/sock"}}};
struct unix_address hidden_path = {9, {{1, "\0hidden"}}};
extern struct unix_sock hidden_socket;
struct sk_buff unix_packet = {(void*)&hidden_socket.sk.sk_receive_queue,
                              (void*)&hidden_socket.sk.sk_receive_queue, 42};
struct unix_sock hidden_socket = {
    {{.skc_family = 1, .skc_state = 1, .skc_prot = &unix_prot},
     {&unix_packet, &unix_packet, 1},
     .sk_wmem_alloc = {{1}}},
    &hidden_path,
    &hidden_socket.sk};
struct unix_sock listening_socket = {
    {{.skc_family = 1, .skc_state = 10, .skc_prot = &unix_prot},
     {(void*)&listening_socket.sk.sk_receive_queue, 0, 3},
     .sk_wmem_alloc = {{1}}},
    &socket_path};
struct netlink_sock audit_socket = {
    {{.skc_family = 16, .skc_state = 7, .skc_prot = &netlink_proto},
     .sk_wmem_alloc = {{1}},
     .sk_protocol = 9},
    1234};
struct proto_ops vsock_ops = {40};
#define SOCKET(name, kind, at, operations, number)                      \
  struct socket_alloc name##_inode = {                                  \
      {SS_CONNECTED, (kind), (struct sock*)(at), (operations)},         \
      {.i_mode = 0140777, .i_ino = (number)}};                          \
  struct dentry name##_dentry = {                                       \
      &name##_dentry, {0, 0, ""}, &name##_inode.vfs_inode, &run_super}; \
  struct file name##_file = {{0, &name##_dentry}, &name##_inode.vfs_inode}
SOCKET(first, 1, &tcp_socket, 0, 3101);
SOCKET(second, 2, &udp_socket, 0, 3102);
SOCKET(third, 1, &listening_socket, 0, 3103);
SOCKET(fourth, 5, &hidden_socket, 0, 3104);
SOCKET(fifth, 3, &audit_socket, 0, 3105);
SOCKET(sixth, 1, 0, &vsock_ops, 3106);
struct file* waiter_descriptors[64] = {
    [3] = &first_file,  [4] = &second_file, [5] = &third_file,
    [6] = &fourth_file, [7] = &fifth_file,  [8] = &sixth_file};
unsigned long waiter_used[1] = {0x1f8};
struct fdtable waiter_table = {64, waiter_descriptors, waiter_used};
struct files_struct waiter_files = {&waiter_table};
