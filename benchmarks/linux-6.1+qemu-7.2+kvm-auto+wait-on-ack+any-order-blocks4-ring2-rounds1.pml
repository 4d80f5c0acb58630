/* linux-6.1+qemu-7.2+kvm-auto+wait-on-ack+any-order; blocks=4 ring=2 rounds=1. Written by hintproof. */

c_decl {
\#define FALLS_0 (states_without[0]++, 0)  /* no_lost_write */
\#define FALLS_1 (states_without[1]++, 0)  /* block_conserved */
\#define FALLS_2 (states_without[2]++, 0)  /* blocks_come_back */
\#define FALLS_3 (states_without[3]++, 0)  /* log_rests */
\#define FALLS_4 (states_without[4]++, 0)  /* requested_id_is_new */
\#define FALLS_5 (states_without[5]++, 0)  /* news_is_acted_upon */
\#define FALLS_6 (states_without[6]++, 0)  /* no_work_while_absent */
  static long states_without[7];
  __attribute__((destructor)) static void tell(void) {
    printf("states without no_lost_write: %ld\n", states_without[0]);
    printf("states without block_conserved: %ld\n", states_without[1]);
    printf("states without blocks_come_back: %ld\n", states_without[2]);
    printf("states without log_rests: %ld\n", states_without[3]);
    printf("states without requested_id_is_new: %ld\n", states_without[4]);
    printf("states without news_is_acted_upon: %ld\n", states_without[5]);
    printf("states without no_work_while_absent: %ld\n", states_without[6]);
  }
}

#define EVERY 15  /* the set of all blocks; block b is bit b - 1 */
#define id_STOP 0
#define id_DONE 1
#define binding_BOUND 0
#define binding_REMOVE 1
#define binding_REMOVE_RELEASE 2
#define binding_REMOVE_RESET 3
#define binding_ABSENT 4
#define binding_FREEZE_RELEASE 5
#define binding_FREEZE_RESET 6
#define binding_FROZEN 7
#define worker_IDLE 0
#define worker_TEST_BIT 1
#define worker_READ_ID 2
#define worker_CHECK_ID 3
#define worker_RETEST 4
#define worker_REREAD 5
#define worker_SET_ID 6
#define worker_ADD_ID 7
#define worker_KICK_ID 8
#define worker_WAIT_ID 9
#define worker_POLL_BIT 10
#define worker_POLL_ID 11
#define worker_COMPARE 12
#define worker_ALLOC 13
#define worker_ADD_PAGE 14
#define worker_KICK_PAGE 15
#define worker_WAIT_PAGE 16
#define worker_PUSH_PAGE 17
#define worker_RELEASE 18
#define worker_SEND_STOP 19
#define worker_WAIT_STOP 20
#define entry_START 0
#define entry_STOP_SIGN 1
#define entry_HINT 2
#define status_S_STOP 0
#define status_S_REQUESTED 1
#define status_S_START 2
#define status_S_DONE 3
#define phase_IDLE 0
#define phase_SYNC_STOP 1
#define phase_SYNC_GET 2
#define phase_SYNC_MERGE 3
#define phase_SYNC_CLEAR 4
#define phase_SYNC_DRAIN 5
#define phase_SYNC_PUBLISH 6
#define phase_SYNC_STATUS 7
#define phase_ROUND 8
#define phase_LAST 9
#define phase_COMPLETE 10
#define phase_POSTCOPY 11
#define sending_NOTHING 0
#define sending_CLEARED 1
#define sending_TAKEN 2

/* the virtual CPUs run */
bit vm_running = true;
/* free blocks */
unsigned memory_free : 4 = (0 ^ EVERY);
/* blocks that applications hold */
unsigned memory_used : 4;
/* bound to the device or not */
unsigned driver_binding : 3 = binding_BOUND;
/* where the worker stands */
unsigned driver_at : 5 = worker_IDLE;
/* the work item is pending */
bit driver_queued;
/* config_read_bitmap: config changed since the id was read */
bit driver_read_bit;
/* cmd_id_received_cache: the id as last read */
unsigned driver_cache : 2;
/* cmd_id_active: the cell that START descriptors point at */
unsigned driver_active : 2;
/* block between allocation and free_page_list */
unsigned driver_in_hand : 3;
/* free_page_list: blocks hinted and not given back */
unsigned driver_held : 4;
/* the ring, oldest entry first */
unsigned ring_queue_used : 2;
unsigned ring_queue_waiting : 2;
unsigned ring_queue_0_kind : 2;
unsigned ring_queue_0_block : 3;
unsigned ring_queue_0_governed_by : 2;
unsigned ring_queue_1_kind : 2;
unsigned ring_queue_1_block : 3;
unsigned ring_queue_1_governed_by : 2;
/* the driver is ready with the feature */
bit device_negotiated = true;
/* free_page_hint_status */
unsigned device_status : 2 = status_S_STOP;
/* free_page_hint_cmd_id: the id issued last */
unsigned device_cmd_id : 2 = 2;
/* a config interrupt is on its way */
bit device_interrupt;
/* the loop over the hint queue runs or is scheduled */
bit device_awake;
/* the kernel's dirty bit; not set means armed */
unsigned log_kernel : 4;
/* DIRTY_MEMORY_MIGRATION: QEMU's own log */
unsigned log_own : 4;
/* RAMBlock.bmap: the blocks to send */
unsigned log_bitmap : 4;
/* where the migration stands */
unsigned migration_at : 4 = phase_IDLE;
/* the VM was stopped for the last stage */
bit migration_last;
/* the block being sent */
unsigned migration_sending : 3;
/* how far that send has come */
unsigned migration_send_step : 2 = sending_NOTHING;
/* content that an application relies on (ghost) */
unsigned ghost_data : 4;
/* the destination holds something older, or zero (ghost) */
unsigned ghost_stale : 4;
/* written since the newest id was issued (ghost) */
unsigned ghost_written : 4;
/* the id that the device saw last in an out buffer (ghost) */
unsigned ghost_last_id : 2;
/* the last out buffer the device saw carried an id (ghost) */
bit ghost_open;
/* how many more rounds this finite search may have */
bit left_rounds = 1;
/* how many more migrations this finite search may have */
bit left_migrations = 1;
/* how many more dma this finite search may have */
bit left_dma;
/* how many more pauses this finite search may have */
bit left_pauses;
/* how many more resizes this finite search may have */
bit left_resizes;
/* how many more removes this finite search may have */
bit left_removes;
/* how many more freezes this finite search may have */
bit left_freezes;

active proctype Model() {
  do
  /* what must hold in every state */
  :: d_step { (!((!(migration_at == phase_COMPLETE) || !(((ghost_data & 1) != 0) && ((ghost_stale & 1) != 0))) && (!(migration_at == phase_COMPLETE) || !(((ghost_data & 2) != 0) && ((ghost_stale & 2) != 0))) && (!(migration_at == phase_COMPLETE) || !(((ghost_data & 4) != 0) && ((ghost_stale & 4) != 0))) && (!(migration_at == phase_COMPLETE) || !(((ghost_data & 8) != 0) && ((ghost_stale & 8) != 0)))) && c_expr { FALLS_0 }) ||
              (!((!(((((memory_free & memory_used) | (driver_held & (1 << driver_in_hand >> 1))) | ((memory_free | memory_used) & (driver_held | (1 << driver_in_hand >> 1)))) & 1) != 0) && (((((memory_free | memory_used) | driver_held) | (1 << driver_in_hand >> 1)) & 1) != 0)) && (!(((((memory_free & memory_used) | (driver_held & (1 << driver_in_hand >> 1))) | ((memory_free | memory_used) & (driver_held | (1 << driver_in_hand >> 1)))) & 2) != 0) && (((((memory_free | memory_used) | driver_held) | (1 << driver_in_hand >> 1)) & 2) != 0)) && (!(((((memory_free & memory_used) | (driver_held & (1 << driver_in_hand >> 1))) | ((memory_free | memory_used) & (driver_held | (1 << driver_in_hand >> 1)))) & 4) != 0) && (((((memory_free | memory_used) | driver_held) | (1 << driver_in_hand >> 1)) & 4) != 0)) && (!(((((memory_free & memory_used) | (driver_held & (1 << driver_in_hand >> 1))) | ((memory_free | memory_used) & (driver_held | (1 << driver_in_hand >> 1)))) & 8) != 0) && (((((memory_free | memory_used) | driver_held) | (1 << driver_in_hand >> 1)) & 8) != 0))) && c_expr { FALLS_1 }) ||
              (!((!((((((driver_at == worker_IDLE) && !driver_queued) && !device_interrupt) && (driver_binding == binding_BOUND)) && ((((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE) || (migration_at == phase_IDLE))) || (driver_binding == binding_ABSENT)) || !(((driver_held & 1) != 0) || (driver_in_hand == 1))) && (!((((((driver_at == worker_IDLE) && !driver_queued) && !device_interrupt) && (driver_binding == binding_BOUND)) && ((((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE) || (migration_at == phase_IDLE))) || (driver_binding == binding_ABSENT)) || !(((driver_held & 2) != 0) || (driver_in_hand == 2))) && (!((((((driver_at == worker_IDLE) && !driver_queued) && !device_interrupt) && (driver_binding == binding_BOUND)) && ((((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE) || (migration_at == phase_IDLE))) || (driver_binding == binding_ABSENT)) || !(((driver_held & 4) != 0) || (driver_in_hand == 3))) && (!((((((driver_at == worker_IDLE) && !driver_queued) && !device_interrupt) && (driver_binding == binding_BOUND)) && ((((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE) || (migration_at == phase_IDLE))) || (driver_binding == binding_ABSENT)) || !(((driver_held & 8) != 0) || (driver_in_hand == 4)))) && c_expr { FALLS_2 }) ||
              (!((!(migration_at == phase_IDLE) || !((((((log_own | log_bitmap) | ghost_stale) | log_kernel) | ghost_written) & 1) != 0)) && (!(migration_at == phase_IDLE) || !((((((log_own | log_bitmap) | ghost_stale) | log_kernel) | ghost_written) & 2) != 0)) && (!(migration_at == phase_IDLE) || !((((((log_own | log_bitmap) | ghost_stale) | log_kernel) | ghost_written) & 4) != 0)) && (!(migration_at == phase_IDLE) || !((((((log_own | log_bitmap) | ghost_stale) | log_kernel) | ghost_written) & 8) != 0))) && c_expr { FALLS_3 }) ||
              (!((!(device_status == status_S_REQUESTED) || !(ghost_last_id == device_cmd_id))) && c_expr { FALLS_4 }) ||
              (!((!((((driver_at == worker_IDLE) && !driver_queued) && !device_interrupt) && (driver_binding == binding_BOUND)) || ((!(!(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_STOP) && !(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE)) || (driver_active == ((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)))) && (!(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE) || !((driver_held & 1) != 0)))) && (!((((driver_at == worker_IDLE) && !driver_queued) && !device_interrupt) && (driver_binding == binding_BOUND)) || ((!(!(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_STOP) && !(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE)) || (driver_active == ((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)))) && (!(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE) || !((driver_held & 2) != 0)))) && (!((((driver_at == worker_IDLE) && !driver_queued) && !device_interrupt) && (driver_binding == binding_BOUND)) || ((!(!(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_STOP) && !(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE)) || (driver_active == ((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)))) && (!(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE) || !((driver_held & 4) != 0)))) && (!((((driver_at == worker_IDLE) && !driver_queued) && !device_interrupt) && (driver_binding == binding_BOUND)) || ((!(!(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_STOP) && !(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE)) || (driver_active == ((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)))) && (!(((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP)) == id_DONE) || !((driver_held & 8) != 0))))) && c_expr { FALLS_5 }) ||
              (!((!(((driver_binding == binding_REMOVE_RELEASE) || (driver_binding == binding_REMOVE_RESET)) || (driver_binding == binding_ABSENT)) || (!driver_queued && (driver_at == worker_IDLE)))) && c_expr { FALLS_6 }) }
  /* A1 allocate(1): guest; mm/page_alloc.c: get_page_from_freelist, post_alloc_hook */
  :: d_step { vm_running && ((memory_free & 1) != 0) ->
       assert(vm_running);
       memory_free = memory_free & ~1;
       memory_used = memory_used | 1 }
  /* A1 allocate(2): guest; mm/page_alloc.c: get_page_from_freelist, post_alloc_hook */
  :: d_step { vm_running && ((memory_free & 2) != 0) ->
       assert(vm_running);
       memory_free = memory_free & ~2;
       memory_used = memory_used | 2 }
  /* A1 allocate(3): guest; mm/page_alloc.c: get_page_from_freelist, post_alloc_hook */
  :: d_step { vm_running && ((memory_free & 4) != 0) ->
       assert(vm_running);
       memory_free = memory_free & ~4;
       memory_used = memory_used | 4 }
  /* A1 allocate(4): guest; mm/page_alloc.c: get_page_from_freelist, post_alloc_hook */
  :: d_step { vm_running && ((memory_free & 8) != 0) ->
       assert(vm_running);
       memory_free = memory_free & ~8;
       memory_used = memory_used | 8 }
  /* A2 write(1): guest; a store by a virtual CPU */
  :: d_step { vm_running && ((memory_used & 1) != 0) ->
       assert(vm_running);
       assert(((ghost_data | 1) & ~1) == (ghost_data & ~1));
       assert((((ghost_stale | (!(migration_at == phase_IDLE) -> 1 : 0)) & ~1) == (ghost_stale & ~1)) && (((ghost_written | (!(migration_at == phase_IDLE) -> 1 : 0)) & ~1) == (ghost_written & ~1)));
       assert((migration_at == phase_IDLE) || (((((ghost_stale | (!(migration_at == phase_IDLE) -> 1 : 0)) & ~ghost_stale) & ~(ghost_data | 1)) & ~memory_free) == 0));
       ghost_data = ghost_data | 1;
       ghost_stale = ghost_stale | (!(migration_at == phase_IDLE) -> 1 : 0);
       ghost_written = ghost_written | (!(migration_at == phase_IDLE) -> 1 : 0);
       log_kernel = log_kernel | (!(migration_at == phase_IDLE) -> 1 : 0) }
  /* A2 write(2): guest; a store by a virtual CPU */
  :: d_step { vm_running && ((memory_used & 2) != 0) ->
       assert(vm_running);
       assert(((ghost_data | 2) & ~2) == (ghost_data & ~2));
       assert((((ghost_stale | (!(migration_at == phase_IDLE) -> 2 : 0)) & ~2) == (ghost_stale & ~2)) && (((ghost_written | (!(migration_at == phase_IDLE) -> 2 : 0)) & ~2) == (ghost_written & ~2)));
       assert((migration_at == phase_IDLE) || (((((ghost_stale | (!(migration_at == phase_IDLE) -> 2 : 0)) & ~ghost_stale) & ~(ghost_data | 2)) & ~memory_free) == 0));
       ghost_data = ghost_data | 2;
       ghost_stale = ghost_stale | (!(migration_at == phase_IDLE) -> 2 : 0);
       ghost_written = ghost_written | (!(migration_at == phase_IDLE) -> 2 : 0);
       log_kernel = log_kernel | (!(migration_at == phase_IDLE) -> 2 : 0) }
  /* A2 write(3): guest; a store by a virtual CPU */
  :: d_step { vm_running && ((memory_used & 4) != 0) ->
       assert(vm_running);
       assert(((ghost_data | 4) & ~4) == (ghost_data & ~4));
       assert((((ghost_stale | (!(migration_at == phase_IDLE) -> 4 : 0)) & ~4) == (ghost_stale & ~4)) && (((ghost_written | (!(migration_at == phase_IDLE) -> 4 : 0)) & ~4) == (ghost_written & ~4)));
       assert((migration_at == phase_IDLE) || (((((ghost_stale | (!(migration_at == phase_IDLE) -> 4 : 0)) & ~ghost_stale) & ~(ghost_data | 4)) & ~memory_free) == 0));
       ghost_data = ghost_data | 4;
       ghost_stale = ghost_stale | (!(migration_at == phase_IDLE) -> 4 : 0);
       ghost_written = ghost_written | (!(migration_at == phase_IDLE) -> 4 : 0);
       log_kernel = log_kernel | (!(migration_at == phase_IDLE) -> 4 : 0) }
  /* A2 write(4): guest; a store by a virtual CPU */
  :: d_step { vm_running && ((memory_used & 8) != 0) ->
       assert(vm_running);
       assert(((ghost_data | 8) & ~8) == (ghost_data & ~8));
       assert((((ghost_stale | (!(migration_at == phase_IDLE) -> 8 : 0)) & ~8) == (ghost_stale & ~8)) && (((ghost_written | (!(migration_at == phase_IDLE) -> 8 : 0)) & ~8) == (ghost_written & ~8)));
       assert((migration_at == phase_IDLE) || (((((ghost_stale | (!(migration_at == phase_IDLE) -> 8 : 0)) & ~ghost_stale) & ~(ghost_data | 8)) & ~memory_free) == 0));
       ghost_data = ghost_data | 8;
       ghost_stale = ghost_stale | (!(migration_at == phase_IDLE) -> 8 : 0);
       ghost_written = ghost_written | (!(migration_at == phase_IDLE) -> 8 : 0);
       log_kernel = log_kernel | (!(migration_at == phase_IDLE) -> 8 : 0) }
  /* A3 free(1): guest; mm/page_alloc.c: free_unref_page, __free_pages_ok */
  :: d_step { vm_running && ((memory_used & 1) != 0) ->
       assert(vm_running);
       assert((1 & memory_free) == 0);
       assert(((ghost_data & ~1) & ~1) == (ghost_data & ~1));
       memory_used = memory_used & ~1;
       ghost_data = ghost_data & ~1;
       memory_free = memory_free | 1 }
  /* A3 free(2): guest; mm/page_alloc.c: free_unref_page, __free_pages_ok */
  :: d_step { vm_running && ((memory_used & 2) != 0) ->
       assert(vm_running);
       assert((2 & memory_free) == 0);
       assert(((ghost_data & ~2) & ~2) == (ghost_data & ~2));
       memory_used = memory_used & ~2;
       ghost_data = ghost_data & ~2;
       memory_free = memory_free | 2 }
  /* A3 free(3): guest; mm/page_alloc.c: free_unref_page, __free_pages_ok */
  :: d_step { vm_running && ((memory_used & 4) != 0) ->
       assert(vm_running);
       assert((4 & memory_free) == 0);
       assert(((ghost_data & ~4) & ~4) == (ghost_data & ~4));
       memory_used = memory_used & ~4;
       ghost_data = ghost_data & ~4;
       memory_free = memory_free | 4 }
  /* A3 free(4): guest; mm/page_alloc.c: free_unref_page, __free_pages_ok */
  :: d_step { vm_running && ((memory_used & 8) != 0) ->
       assert(vm_running);
       assert((8 & memory_free) == 0);
       assert(((ghost_data & ~8) & ~8) == (ghost_data & ~8));
       memory_used = memory_used & ~8;
       ghost_data = ghost_data & ~8;
       memory_free = memory_free | 8 }
  /* A4 dma_write(1): hypervisor; QEMU: address_space_write, invalidate_and_set_dirty */
  :: d_step { (left_dma > 0) && vm_running && ((memory_used & 1) != 0) ->
       assert(((ghost_data | 1) & ~1) == (ghost_data & ~1));
       assert((((ghost_stale | (!(migration_at == phase_IDLE) -> 1 : 0)) & ~1) == (ghost_stale & ~1)) && (((ghost_written | (!(migration_at == phase_IDLE) -> 1 : 0)) & ~1) == (ghost_written & ~1)));
       assert((migration_at == phase_IDLE) || (((((ghost_stale | (!(migration_at == phase_IDLE) -> 1 : 0)) & ~ghost_stale) & ~(ghost_data | 1)) & ~memory_free) == 0));
       left_dma = left_dma - 1;
       ghost_data = ghost_data | 1;
       ghost_stale = ghost_stale | (!(migration_at == phase_IDLE) -> 1 : 0);
       ghost_written = ghost_written | (!(migration_at == phase_IDLE) -> 1 : 0);
       log_own = log_own | (!(migration_at == phase_IDLE) -> 1 : 0) }
  /* A4 dma_write(2): hypervisor; QEMU: address_space_write, invalidate_and_set_dirty */
  :: d_step { (left_dma > 0) && vm_running && ((memory_used & 2) != 0) ->
       assert(((ghost_data | 2) & ~2) == (ghost_data & ~2));
       assert((((ghost_stale | (!(migration_at == phase_IDLE) -> 2 : 0)) & ~2) == (ghost_stale & ~2)) && (((ghost_written | (!(migration_at == phase_IDLE) -> 2 : 0)) & ~2) == (ghost_written & ~2)));
       assert((migration_at == phase_IDLE) || (((((ghost_stale | (!(migration_at == phase_IDLE) -> 2 : 0)) & ~ghost_stale) & ~(ghost_data | 2)) & ~memory_free) == 0));
       left_dma = left_dma - 1;
       ghost_data = ghost_data | 2;
       ghost_stale = ghost_stale | (!(migration_at == phase_IDLE) -> 2 : 0);
       ghost_written = ghost_written | (!(migration_at == phase_IDLE) -> 2 : 0);
       log_own = log_own | (!(migration_at == phase_IDLE) -> 2 : 0) }
  /* A4 dma_write(3): hypervisor; QEMU: address_space_write, invalidate_and_set_dirty */
  :: d_step { (left_dma > 0) && vm_running && ((memory_used & 4) != 0) ->
       assert(((ghost_data | 4) & ~4) == (ghost_data & ~4));
       assert((((ghost_stale | (!(migration_at == phase_IDLE) -> 4 : 0)) & ~4) == (ghost_stale & ~4)) && (((ghost_written | (!(migration_at == phase_IDLE) -> 4 : 0)) & ~4) == (ghost_written & ~4)));
       assert((migration_at == phase_IDLE) || (((((ghost_stale | (!(migration_at == phase_IDLE) -> 4 : 0)) & ~ghost_stale) & ~(ghost_data | 4)) & ~memory_free) == 0));
       left_dma = left_dma - 1;
       ghost_data = ghost_data | 4;
       ghost_stale = ghost_stale | (!(migration_at == phase_IDLE) -> 4 : 0);
       ghost_written = ghost_written | (!(migration_at == phase_IDLE) -> 4 : 0);
       log_own = log_own | (!(migration_at == phase_IDLE) -> 4 : 0) }
  /* A4 dma_write(4): hypervisor; QEMU: address_space_write, invalidate_and_set_dirty */
  :: d_step { (left_dma > 0) && vm_running && ((memory_used & 8) != 0) ->
       assert(((ghost_data | 8) & ~8) == (ghost_data & ~8));
       assert((((ghost_stale | (!(migration_at == phase_IDLE) -> 8 : 0)) & ~8) == (ghost_stale & ~8)) && (((ghost_written | (!(migration_at == phase_IDLE) -> 8 : 0)) & ~8) == (ghost_written & ~8)));
       assert((migration_at == phase_IDLE) || (((((ghost_stale | (!(migration_at == phase_IDLE) -> 8 : 0)) & ~ghost_stale) & ~(ghost_data | 8)) & ~memory_free) == 0));
       left_dma = left_dma - 1;
       ghost_data = ghost_data | 8;
       ghost_stale = ghost_stale | (!(migration_at == phase_IDLE) -> 8 : 0);
       ghost_written = ghost_written | (!(migration_at == phase_IDLE) -> 8 : 0);
       log_own = log_own | (!(migration_at == phase_IDLE) -> 8 : 0) }
  /* I1 config_changed: driver; virtio_balloon.c: virtballoon_changed */
  :: d_step { vm_running && device_interrupt && (driver_binding == binding_BOUND) ->
       assert(vm_running);
       assert(driver_binding == binding_BOUND);
       device_interrupt = false;
       driver_queued = driver_queued || !driver_read_bit;
       driver_read_bit = true }
  /* W0 work_starts: driver; kernel/workqueue.c: process_one_work */
  :: d_step { vm_running && (driver_at == worker_IDLE) && driver_queued && ((driver_binding == binding_BOUND) || (driver_binding == binding_REMOVE)) ->
       assert(vm_running);
       driver_queued = false;
       driver_at = worker_TEST_BIT }
  /* W1 S2 L1 (a) test_read_bit: driver; virtio_balloon.c: virtio_balloon_cmd_id_received */
  :: d_step { vm_running && (((driver_at == worker_TEST_BIT) || (driver_at == worker_RETEST)) || (driver_at == worker_POLL_BIT)) ->
       assert(vm_running);
       assert(!((((driver_read_bit -> ((driver_at == worker_TEST_BIT) -> worker_READ_ID : ((driver_at == worker_RETEST) -> worker_REREAD : worker_POLL_ID)) : ((driver_at == worker_TEST_BIT) -> worker_CHECK_ID : ((driver_at == worker_RETEST) -> worker_SET_ID : worker_COMPARE))) == worker_READ_ID) || ((driver_read_bit -> ((driver_at == worker_TEST_BIT) -> worker_READ_ID : ((driver_at == worker_RETEST) -> worker_REREAD : worker_POLL_ID)) : ((driver_at == worker_TEST_BIT) -> worker_CHECK_ID : ((driver_at == worker_RETEST) -> worker_SET_ID : worker_COMPARE))) == worker_REREAD)) || ((driver_read_bit -> ((driver_at == worker_TEST_BIT) -> worker_READ_ID : ((driver_at == worker_RETEST) -> worker_REREAD : worker_POLL_ID)) : ((driver_at == worker_TEST_BIT) -> worker_CHECK_ID : ((driver_at == worker_RETEST) -> worker_SET_ID : worker_COMPARE))) == worker_POLL_ID)) || driver_read_bit);
       driver_at = (driver_read_bit -> ((driver_at == worker_TEST_BIT) -> worker_READ_ID : ((driver_at == worker_RETEST) -> worker_REREAD : worker_POLL_ID)) : ((driver_at == worker_TEST_BIT) -> worker_CHECK_ID : ((driver_at == worker_RETEST) -> worker_SET_ID : worker_COMPARE)));
       driver_read_bit = false }
  /* W1 S2 L1 (b) read_config: driver; virtio_balloon.c: virtio_balloon_cmd_id_received */
  :: d_step { vm_running && (((driver_at == worker_READ_ID) || (driver_at == worker_REREAD)) || (driver_at == worker_POLL_ID)) ->
       assert(vm_running);
       driver_cache = ((device_status == status_S_REQUESTED) -> device_cmd_id : ((device_status == status_S_DONE) -> id_DONE : id_STOP));
       driver_at = ((driver_at == worker_READ_ID) -> worker_CHECK_ID : ((driver_at == worker_REREAD) -> worker_SET_ID : worker_COMPARE)) }
  /* W2 nothing_new: driver; virtio_balloon.c: report_free_page_func */
  :: d_step { vm_running && (driver_at == worker_CHECK_ID) && !(driver_cache == id_DONE) && ((driver_cache == id_STOP) || (driver_cache == driver_active)) ->
       assert(vm_running);
       driver_at = worker_IDLE }
  /* W2 REL release_on_done: driver; virtio_balloon.c: report_free_page_func, return_free_pages_to_mm */
  :: d_step { vm_running && (driver_at == worker_CHECK_ID) && (driver_cache == id_DONE) ->
       assert(vm_running);
       assert(driver_cache == id_DONE);
       assert((driver_held & memory_free) == 0);
       memory_free = memory_free | driver_held;
       driver_held = driver_held & ~driver_held;
       driver_at = worker_IDLE }
  /* W2 S1 round_begins: driver; virtio_balloon.c: report_free_page_func, virtio_balloon_report_free_page,
     send_cmd_id_start */
  :: d_step { vm_running && (driver_at == worker_CHECK_ID) && !(driver_cache == id_STOP) && !(driver_cache == id_DONE) && !(driver_cache == driver_active) ->
       assert(vm_running);
       assert((2 - 0 - ring_queue_waiting) == (2 - 0 - ring_queue_waiting));
       ring_queue_used = 0;
       driver_at = worker_RETEST }
  /* S3 set_active_id: driver; virtio_balloon.c: send_cmd_id_start */
  :: d_step { vm_running && (driver_at == worker_SET_ID) ->
       assert(vm_running);
       driver_active = driver_cache;
       driver_at = worker_ADD_ID }
  /* S4 post_start: driver; virtio_balloon.c: send_cmd_id_start, virtqueue_add_outbuf */
  :: d_step { vm_running && (driver_at == worker_ADD_ID) && ((2 - ring_queue_used - ring_queue_waiting) > 0) ->
       assert(vm_running);
       assert(!(ring_queue_waiting == (ring_queue_waiting + ((2 - ring_queue_used - ring_queue_waiting) > 0))));
       ring_queue_0_kind = ((ring_queue_waiting == 0) -> entry_START : ring_queue_0_kind);
       ring_queue_0_governed_by = ((ring_queue_waiting == 0) -> driver_active : ring_queue_0_governed_by);
       ring_queue_1_kind = ((ring_queue_waiting == 1) -> entry_START : ring_queue_1_kind);
       ring_queue_1_governed_by = ((ring_queue_waiting == 1) -> driver_active : ring_queue_1_governed_by);
       ring_queue_waiting = ring_queue_waiting + 1;
       driver_at = worker_KICK_ID }
  /* S4 start_does_not_fit: driver; virtio_balloon.c: send_cmd_id_start, -ENOSPC */
  :: d_step { vm_running && (driver_at == worker_ADD_ID) && !((2 - ring_queue_used - ring_queue_waiting) > 0) ->
       assert(vm_running);
       assert(!((2 - ring_queue_used - ring_queue_waiting) > 0));
       driver_at = worker_POLL_BIT }
  /* S5 kick_start: driver; virtio_balloon.c: send_cmd_id_start, virtqueue_kick */
  :: d_step { vm_running && (driver_at == worker_KICK_ID) ->
       assert(vm_running);
       device_awake = true;
       driver_at = worker_WAIT_ID }
  /* L1 leave_loop: driver; virtio_balloon.c: send_free_pages */
  :: d_step { vm_running && (driver_at == worker_COMPARE) && !(driver_cache == driver_active) ->
       assert(vm_running);
       driver_at = worker_SEND_STOP }
  /* L1 L2 stay_in_loop: driver; virtio_balloon.c: send_free_pages, get_free_page_and_send */
  :: d_step { vm_running && (driver_at == worker_COMPARE) && (driver_cache == driver_active) ->
       assert(vm_running);
       ring_queue_used = 0;
       driver_at = worker_ALLOC }
  /* L3 take_block(1): driver; virtio_balloon.c: get_free_page_and_send, alloc_pages */
  :: d_step { vm_running && (driver_at == worker_ALLOC) && ((memory_free & 1) != 0) ->
       assert(vm_running);
       assert(driver_cache == driver_active);
       memory_free = memory_free & ~1;
       driver_in_hand = 1;
       driver_at = worker_ADD_PAGE }
  /* L3 take_block(2): driver; virtio_balloon.c: get_free_page_and_send, alloc_pages */
  :: d_step { vm_running && (driver_at == worker_ALLOC) && ((memory_free & 2) != 0) ->
       assert(vm_running);
       assert(driver_cache == driver_active);
       memory_free = memory_free & ~2;
       driver_in_hand = 2;
       driver_at = worker_ADD_PAGE }
  /* L3 take_block(3): driver; virtio_balloon.c: get_free_page_and_send, alloc_pages */
  :: d_step { vm_running && (driver_at == worker_ALLOC) && ((memory_free & 4) != 0) ->
       assert(vm_running);
       assert(driver_cache == driver_active);
       memory_free = memory_free & ~4;
       driver_in_hand = 3;
       driver_at = worker_ADD_PAGE }
  /* L3 take_block(4): driver; virtio_balloon.c: get_free_page_and_send, alloc_pages */
  :: d_step { vm_running && (driver_at == worker_ALLOC) && ((memory_free & 8) != 0) ->
       assert(vm_running);
       assert(driver_cache == driver_active);
       memory_free = memory_free & ~8;
       driver_in_hand = 4;
       driver_at = worker_ADD_PAGE }
  /* L3 no_block_left: driver; virtio_balloon.c: get_free_page_and_send, -EINTR */
  :: d_step { vm_running && (driver_at == worker_ALLOC) ->
       assert(vm_running);
       driver_at = worker_SEND_STOP }
  /* L4 post_hint: driver; virtio_balloon.c: get_free_page_and_send, virtqueue_add_inbuf */
  :: d_step { vm_running && (driver_at == worker_ADD_PAGE) && ((2 - ring_queue_used - ring_queue_waiting) > 1) ->
       assert(vm_running);
       assert(!(ring_queue_waiting == (ring_queue_waiting + ((2 - ring_queue_used - ring_queue_waiting) > 0))));
       assert((2 - ring_queue_used - (ring_queue_waiting + ((2 - ring_queue_used - ring_queue_waiting) > 0))) > 0);
       ring_queue_0_kind = ((ring_queue_waiting == 0) -> entry_HINT : ring_queue_0_kind);
       ring_queue_0_block = ((ring_queue_waiting == 0) -> driver_in_hand : ring_queue_0_block);
       ring_queue_0_governed_by = ((ring_queue_waiting == 0) -> driver_active : ring_queue_0_governed_by);
       ring_queue_1_kind = ((ring_queue_waiting == 1) -> entry_HINT : ring_queue_1_kind);
       ring_queue_1_block = ((ring_queue_waiting == 1) -> driver_in_hand : ring_queue_1_block);
       ring_queue_1_governed_by = ((ring_queue_waiting == 1) -> driver_active : ring_queue_1_governed_by);
       ring_queue_waiting = ring_queue_waiting + 1;
       driver_at = worker_KICK_PAGE }
  /* L4 hint_does_not_fit: driver; virtio_balloon.c: get_free_page_and_send, free_pages */
  :: d_step { vm_running && (driver_at == worker_ADD_PAGE) && !((2 - ring_queue_used - ring_queue_waiting) > 1) ->
       assert(vm_running);
       assert(((1 << driver_in_hand >> 1) & memory_free) == 0);
       memory_free = memory_free | (1 << driver_in_hand >> 1);
       driver_in_hand = 0;
       driver_at = worker_POLL_BIT }
  /* L5 kick_hint: driver; virtio_balloon.c: get_free_page_and_send, virtqueue_kick */
  :: d_step { vm_running && (driver_at == worker_KICK_PAGE) ->
       assert(vm_running);
       device_awake = true;
       driver_at = worker_WAIT_PAGE }
  /* L6 keep_hinted: driver; virtio_balloon.c: get_free_page_and_send, balloon_page_push */
  :: d_step { vm_running && (driver_at == worker_PUSH_PAGE) ->
       assert(vm_running);
       driver_held = driver_held | (1 << driver_in_hand >> 1);
       driver_in_hand = 0;
       driver_at = worker_POLL_BIT }
  /* T1 post_stop: driver; virtio_balloon.c: send_cmd_id_stop */
  :: d_step { vm_running && (driver_at == worker_SEND_STOP) && ((2 - 0 - ring_queue_waiting) > 0) ->
       assert(vm_running);
       assert(!(ring_queue_waiting == (ring_queue_waiting + ((2 - 0 - ring_queue_waiting) > 0))));
       assert((2 - 0 - (ring_queue_waiting + ((2 - 0 - ring_queue_waiting) > 0))) == (2 - 0 - (ring_queue_waiting + ((2 - 0 - ring_queue_waiting) > 0))));
       ring_queue_used = 0;
       ring_queue_0_kind = ((ring_queue_waiting == 0) -> entry_STOP_SIGN : ring_queue_0_kind);
       ring_queue_0_governed_by = ((ring_queue_waiting == 0) -> driver_active : ring_queue_0_governed_by);
       ring_queue_1_kind = ((ring_queue_waiting == 1) -> entry_STOP_SIGN : ring_queue_1_kind);
       ring_queue_1_governed_by = ((ring_queue_waiting == 1) -> driver_active : ring_queue_1_governed_by);
       ring_queue_waiting = ring_queue_waiting + 1;
       device_awake = true;
       driver_at = worker_WAIT_STOP }
  /* T1 stop_does_not_fit: driver; virtio_balloon.c: send_cmd_id_stop, -ENOSPC */
  :: d_step { vm_running && (driver_at == worker_SEND_STOP) && !((2 - 0 - ring_queue_waiting) > 0) ->
       assert(vm_running);
       assert(!((2 - 0 - ring_queue_waiting) > 0));
       assert((2 - 0 - ring_queue_waiting) == (2 - 0 - ring_queue_waiting));
       ring_queue_used = 0;
       driver_at = worker_IDLE }
  /* WAIT used_by_device: driver; RFC of 2026-01-19, HINT_WAIT_ON_ACK; pre-merge series of 2018: wait at the
     end of a round */
  :: d_step { vm_running && (((driver_at == worker_WAIT_ID) || (driver_at == worker_WAIT_PAGE)) || (driver_at == worker_WAIT_STOP)) && (ring_queue_waiting == 0) ->
       assert(vm_running);
       ring_queue_used = 0;
       driver_at = ((driver_at == worker_WAIT_PAGE) -> worker_PUSH_PAGE : ((driver_at == worker_WAIT_ID) -> worker_POLL_BIT : worker_IDLE)) }
  /* SHR shrink_any(1): driver; virtio_balloon.c: virtio_balloon_shrinker_scan; virtio 1.3 driver rule D7 */
  :: d_step { vm_running && (driver_binding == binding_BOUND) && ((driver_held & 1) != 0) ->
       assert(vm_running);
       assert(driver_binding == binding_BOUND);
       assert((1 & memory_free) == 0);
       driver_held = driver_held & ~1;
       memory_free = memory_free | 1 }
  /* SHR shrink_any(2): driver; virtio_balloon.c: virtio_balloon_shrinker_scan; virtio 1.3 driver rule D7 */
  :: d_step { vm_running && (driver_binding == binding_BOUND) && ((driver_held & 2) != 0) ->
       assert(vm_running);
       assert(driver_binding == binding_BOUND);
       assert((2 & memory_free) == 0);
       driver_held = driver_held & ~2;
       memory_free = memory_free | 2 }
  /* SHR shrink_any(3): driver; virtio_balloon.c: virtio_balloon_shrinker_scan; virtio 1.3 driver rule D7 */
  :: d_step { vm_running && (driver_binding == binding_BOUND) && ((driver_held & 4) != 0) ->
       assert(vm_running);
       assert(driver_binding == binding_BOUND);
       assert((4 & memory_free) == 0);
       driver_held = driver_held & ~4;
       memory_free = memory_free | 4 }
  /* SHR shrink_any(4): driver; virtio_balloon.c: virtio_balloon_shrinker_scan; virtio 1.3 driver rule D7 */
  :: d_step { vm_running && (driver_binding == binding_BOUND) && ((driver_held & 8) != 0) ->
       assert(vm_running);
       assert(driver_binding == binding_BOUND);
       assert((8 & memory_free) == 0);
       driver_held = driver_held & ~8;
       memory_free = memory_free | 8 }
  /* R1 remove_begins: driver; virtio_balloon.c: virtballoon_remove */
  :: d_step { vm_running && (left_removes > 0) && (driver_binding == binding_BOUND) ->
       assert(vm_running);
       left_removes = left_removes - 1;
       driver_binding = binding_REMOVE }
  /* R2 remove_cancels_work: driver; virtio_balloon.c: virtballoon_remove, cancel_work_sync */
  :: d_step { vm_running && (driver_binding == binding_REMOVE) && (driver_at == worker_IDLE) ->
       assert(vm_running);
       driver_queued = false;
       driver_binding = binding_REMOVE_RELEASE }
  /* R3 remove_releases: driver; virtio_balloon.c: remove_common */
  :: d_step { vm_running && (driver_binding == binding_REMOVE_RELEASE) ->
       assert(vm_running);
       assert((driver_held & memory_free) == 0);
       memory_free = memory_free | driver_held;
       driver_held = driver_held & ~driver_held;
       driver_binding = binding_REMOVE_RESET }
  /* R4 remove_resets: driver; virtio_balloon.c: remove_common, virtio_reset_device */
  :: d_step { vm_running && (driver_binding == binding_REMOVE_RESET) && !false ->
       assert(vm_running);
       assert(!(driver_at == worker_SEND_STOP) || ((driver_at == worker_IDLE) || (driver_at == worker_WAIT_STOP)));
       device_negotiated = false;
       ring_queue_used = 0;
       ring_queue_waiting = 0;
       ring_queue_0_kind = 0;
       ring_queue_0_block = 0;
       ring_queue_0_governed_by = 0;
       ring_queue_1_kind = 0;
       ring_queue_1_block = 0;
       ring_queue_1_governed_by = 0;
       ghost_last_id = id_STOP;
       ghost_open = false;
       device_status = status_S_STOP;
       driver_binding = binding_ABSENT }
  /* P1 probe: driver; virtio_balloon.c: virtballoon_probe */
  :: d_step { vm_running && (driver_binding == binding_ABSENT) ->
       assert(vm_running);
       driver_binding = binding_BOUND;
       device_negotiated = true;
       device_awake = true;
       driver_cache = id_STOP;
       driver_active = id_STOP;
       driver_read_bit = false }
  /* F1 freeze_begins: driver; virtio_balloon.c: virtballoon_freeze */
  :: d_step { vm_running && (left_freezes > 0) && (driver_binding == binding_BOUND) && (driver_at == worker_IDLE) ->
       assert(vm_running);
       left_freezes = left_freezes - 1;
       driver_binding = binding_FREEZE_RELEASE }
  /* F2 freeze_releases: driver; virtio_balloon.c: virtballoon_freeze, remove_common */
  :: d_step { vm_running && (driver_binding == binding_FREEZE_RELEASE) ->
       assert(vm_running);
       assert((driver_held & memory_free) == 0);
       memory_free = memory_free | driver_held;
       driver_held = driver_held & ~driver_held;
       driver_binding = binding_FREEZE_RESET }
  /* F3 freeze_resets: driver; virtio_balloon.c: remove_common, virtio_reset_device */
  :: d_step { vm_running && (driver_binding == binding_FREEZE_RESET) && !false ->
       assert(vm_running);
       assert(!(driver_at == worker_SEND_STOP) || ((driver_at == worker_IDLE) || (driver_at == worker_WAIT_STOP)));
       device_negotiated = false;
       ring_queue_used = 0;
       ring_queue_waiting = 0;
       ring_queue_0_kind = 0;
       ring_queue_0_block = 0;
       ring_queue_0_governed_by = 0;
       ring_queue_1_kind = 0;
       ring_queue_1_block = 0;
       ring_queue_1_governed_by = 0;
       ghost_last_id = id_STOP;
       ghost_open = false;
       device_status = status_S_STOP;
       driver_binding = binding_FROZEN }
  /* F4 restore: driver; virtio_balloon.c: virtballoon_restore */
  :: d_step { vm_running && (driver_binding == binding_FROZEN) ->
       assert(vm_running);
       driver_binding = binding_BOUND;
       device_negotiated = true;
       device_awake = true }
  /* H4 pop_start: device; virtio-balloon.c (QEMU): get_free_page_hints */
  :: d_step { device_awake && device_negotiated && !(ring_queue_waiting == 0) && vm_running && !false && !(ring_queue_0_kind == entry_HINT) && (device_status == status_S_REQUESTED) && (((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == device_cmd_id) ->
       assert(!((!(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_STOP) && !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_DONE)) && (((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == ghost_last_id)));
       assert(!(ring_queue_waiting == 0) && !(ring_queue_0_kind == entry_HINT));
       assert(vm_running);
       assert(!(ring_queue_waiting == (ring_queue_waiting - (ring_queue_waiting > 0))));
       ghost_last_id = ((!(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_STOP) && !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_DONE)) -> ((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) : ghost_last_id);
       ghost_open = !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_STOP) && !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_DONE);
       ring_queue_used = ring_queue_used + 1;
       ring_queue_waiting = ring_queue_waiting - 1;
       ring_queue_0_kind = ring_queue_1_kind;
       ring_queue_0_block = ring_queue_1_block;
       ring_queue_0_governed_by = ring_queue_1_governed_by;
       ring_queue_1_kind = 0;
       ring_queue_1_block = 0;
       ring_queue_1_governed_by = 0;
       device_status = status_S_START }
  /* H5 pop_stop: device; virtio-balloon.c (QEMU): get_free_page_hints */
  :: d_step { device_awake && device_negotiated && !(ring_queue_waiting == 0) && vm_running && !false && !(ring_queue_0_kind == entry_HINT) && !((device_status == status_S_REQUESTED) && (((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == device_cmd_id)) && (device_status == status_S_START) ->
       assert(!((!(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_STOP) && !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_DONE)) && (((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == ghost_last_id)));
       assert(!(ring_queue_waiting == 0) && !(ring_queue_0_kind == entry_HINT));
       assert(vm_running);
       assert(!(ring_queue_waiting == (ring_queue_waiting - (ring_queue_waiting > 0))));
       ghost_last_id = ((!(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_STOP) && !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_DONE)) -> ((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) : ghost_last_id);
       ghost_open = !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_STOP) && !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_DONE);
       ring_queue_used = ring_queue_used + 1;
       ring_queue_waiting = ring_queue_waiting - 1;
       ring_queue_0_kind = ring_queue_1_kind;
       ring_queue_0_block = ring_queue_1_block;
       ring_queue_0_governed_by = ring_queue_1_governed_by;
       ring_queue_1_kind = 0;
       ring_queue_1_block = 0;
       ring_queue_1_governed_by = 0;
       device_status = status_S_STOP }
  /* H6 ignore_out_buffer: device; virtio-balloon.c (QEMU): get_free_page_hints */
  :: d_step { device_awake && device_negotiated && !(ring_queue_waiting == 0) && vm_running && !false && !(ring_queue_0_kind == entry_HINT) && !((device_status == status_S_REQUESTED) && (((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == device_cmd_id)) && !(device_status == status_S_START) ->
       assert(!((!(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_STOP) && !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_DONE)) && (((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == ghost_last_id)));
       assert(!(ring_queue_waiting == 0) && !(ring_queue_0_kind == entry_HINT));
       assert(vm_running);
       ghost_last_id = ((!(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_STOP) && !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_DONE)) -> ((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) : ghost_last_id);
       ghost_open = !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_STOP) && !(((ring_queue_0_kind == entry_STOP_SIGN) -> id_STOP : driver_active) == id_DONE);
       ring_queue_used = ring_queue_used + 1;
       ring_queue_waiting = ring_queue_waiting - 1;
       ring_queue_0_kind = ring_queue_1_kind;
       ring_queue_0_block = ring_queue_1_block;
       ring_queue_0_governed_by = ring_queue_1_governed_by;
       ring_queue_1_kind = 0;
       ring_queue_1_block = 0;
       ring_queue_1_governed_by = 0 }
  /* H8 honour_hint: device; virtio-balloon.c (QEMU): get_free_page_hints; ram.c: qemu_guest_free_page_hint */
  :: d_step { device_awake && device_negotiated && !(ring_queue_waiting == 0) && vm_running && !false && (ring_queue_0_kind == entry_HINT) && (device_status == status_S_START) && !(migration_at == phase_IDLE) && (migration_sending == 0) ->
       assert(!(ring_queue_waiting == 0) && (ring_queue_0_kind == entry_HINT));
       assert(vm_running);
       assert(ghost_open);
       assert((migration_at == phase_ROUND) && (ring_queue_0_governed_by == device_cmd_id));
       assert(!(((ghost_written << 1 >> ring_queue_0_block & 1) && (ghost_data << 1 >> ring_queue_0_block & 1)) && (log_bitmap << 1 >> ring_queue_0_block & 1)) || ((log_own << 1 >> ring_queue_0_block & 1) || (log_kernel << 1 >> ring_queue_0_block & 1)));
       assert(!((log_bitmap & ~(1 << ring_queue_0_block >> 1)) << 1 >> ring_queue_0_block & 1));
       log_bitmap = log_bitmap & ~(1 << ring_queue_0_block >> 1);
       ring_queue_used = ring_queue_used + 1;
       ring_queue_waiting = ring_queue_waiting - 1;
       ring_queue_0_kind = ring_queue_1_kind;
       ring_queue_0_block = ring_queue_1_block;
       ring_queue_0_governed_by = ring_queue_1_governed_by;
       ring_queue_1_kind = 0;
       ring_queue_1_block = 0;
       ring_queue_1_governed_by = 0 }
  /* H9 ignore_hint: device; virtio-balloon.c (QEMU): get_free_page_hints */
  :: d_step { device_awake && device_negotiated && !(ring_queue_waiting == 0) && vm_running && !false && (ring_queue_0_kind == entry_HINT) && !((device_status == status_S_START) && !(migration_at == phase_IDLE)) ->
       assert(!(ring_queue_waiting == 0) && (ring_queue_0_kind == entry_HINT));
       assert(vm_running);
       assert(ghost_open);
       ring_queue_used = ring_queue_used + 1;
       ring_queue_waiting = ring_queue_waiting - 1;
       ring_queue_0_kind = ring_queue_1_kind;
       ring_queue_0_block = ring_queue_1_block;
       ring_queue_0_governed_by = ring_queue_1_governed_by;
       ring_queue_1_kind = 0;
       ring_queue_1_block = 0;
       ring_queue_1_governed_by = 0 }
  /* Q1 loop_ends: device; virtio-balloon.c (QEMU): virtio_ballloon_get_free_page_hints */
  :: d_step { device_awake && (ring_queue_waiting == 0) && !(device_status == status_S_START) ->
       device_awake = false }
  /* M1 migrate: hypervisor; ram.c: ram_save_setup, ram_list_init_bitmaps, memory_global_dirty_log_start */
  :: d_step { (left_migrations > 0) && (left_rounds > 0) && (migration_at == phase_IDLE) ->
       assert((device_interrupt || (device_negotiated && !(device_status == status_S_STOP))) == (device_interrupt || !(device_status == ((device_negotiated && !(device_status == status_S_STOP)) -> status_S_STOP : device_status))));
       assert(!((device_interrupt || (device_negotiated && !(device_status == status_S_STOP))) && !device_interrupt) || device_negotiated);
       assert(!device_negotiated || (((device_negotiated && !(device_status == status_S_STOP)) -> status_S_STOP : device_status) == status_S_STOP));
       left_migrations = left_migrations - 1;
       left_rounds = left_rounds - 1;
       log_bitmap = 0 ^ EVERY;
       log_own = 0;
       log_kernel = 0;
       ghost_written = 0;
       ghost_stale = 0 ^ EVERY;
       migration_at = phase_SYNC_GET;
       device_interrupt = device_interrupt || (device_negotiated && !(device_status == status_S_STOP));
       device_status = ((device_negotiated && !(device_status == status_S_STOP)) -> status_S_STOP : device_status) }
  /* M2 H2 next_sync: hypervisor; ram.c: ram_state_pending_exact, migration_bitmap_sync_precopy */
  :: d_step { (left_rounds > 0) && (migration_at == phase_ROUND) && (migration_sending == 0) && !false ->
       assert(!(migration_at == phase_IDLE));
       assert((device_interrupt || (device_negotiated && !(device_status == status_S_STOP))) == (device_interrupt || !(device_status == ((device_negotiated && !(device_status == status_S_STOP)) -> status_S_STOP : device_status))));
       assert(!((device_interrupt || (device_negotiated && !(device_status == status_S_STOP))) && !device_interrupt) || device_negotiated);
       assert(!device_negotiated || (((device_negotiated && !(device_status == status_S_STOP)) -> status_S_STOP : device_status) == status_S_STOP));
       left_rounds = left_rounds - 1;
       migration_at = phase_SYNC_GET;
       device_interrupt = device_interrupt || (device_negotiated && !(device_status == status_S_STOP));
       device_status = ((device_negotiated && !(device_status == status_S_STOP)) -> status_S_STOP : device_status) }
  /* M3 stop_vm: hypervisor; migration.c: migration_completion, vm_stop_force_state */
  :: d_step { (migration_at == phase_ROUND) && (migration_sending == 0) && !false ->
       vm_running = false;
       migration_last = true;
       migration_at = phase_SYNC_STOP }
  /* M4 H2 last_sync: hypervisor; ram.c: ram_save_complete, migration_bitmap_sync_precopy */
  :: d_step { (migration_at == phase_SYNC_STOP) ->
       assert((device_interrupt || (device_negotiated && !(device_status == status_S_STOP))) == (device_interrupt || !(device_status == ((device_negotiated && !(device_status == status_S_STOP)) -> status_S_STOP : device_status))));
       assert(!((device_interrupt || (device_negotiated && !(device_status == status_S_STOP))) && !device_interrupt) || device_negotiated);
       assert(!device_negotiated || (((device_negotiated && !(device_status == status_S_STOP)) -> status_S_STOP : device_status) == status_S_STOP));
       migration_at = phase_SYNC_GET;
       device_interrupt = device_interrupt || (device_negotiated && !(device_status == status_S_STOP));
       device_status = ((device_negotiated && !(device_status == status_S_STOP)) -> status_S_STOP : device_status) }
  /* M5 sync_get: hypervisor; ram.c: migration_bitmap_sync, memory_global_dirty_log_sync */
  :: d_step { (migration_at == phase_SYNC_GET) ->
       log_own = log_own | log_kernel;
       log_kernel = 0;
       migration_at = phase_SYNC_MERGE }
  /* M6 sync_merge: hypervisor; ram.c: ramblock_sync_dirty_bitmap */
  :: d_step { (migration_at == phase_SYNC_MERGE) ->
       log_bitmap = log_bitmap | log_own;
       log_own = 0;
       migration_at = phase_SYNC_PUBLISH }
  /* H1 publish_id: hypervisor; virtio-balloon.c (QEMU): virtio_balloon_free_page_start */
  :: d_step { (migration_at == phase_SYNC_PUBLISH) && vm_running && device_negotiated ->
       assert(device_interrupt || (!(device_status == status_S_REQUESTED) || !(device_cmd_id == (device_cmd_id == 3 -> 2 : device_cmd_id + 1))));
       device_cmd_id = (device_cmd_id == 3 -> 2 : device_cmd_id + 1);
       ghost_written = 0;
       device_status = status_S_REQUESTED;
       device_interrupt = true;
       migration_at = phase_ROUND }
  /* H1 (none) publish_nothing: hypervisor; virtio-balloon.c (QEMU): virtio_balloon_free_page_hint_notify */
  :: d_step { (migration_at == phase_SYNC_PUBLISH) && !(vm_running && device_negotiated) && (vm_running || !device_negotiated) ->
       assert(!device_negotiated || (device_status == (vm_running -> status_S_REQUESTED : status_S_DONE)));
       migration_at = (migration_last -> phase_LAST : phase_ROUND) }
  /* H3 publish_done: hypervisor; virtio-balloon.c (QEMU): virtio_balloon_free_page_done */
  :: d_step { (migration_at == phase_SYNC_PUBLISH) && !vm_running && device_negotiated ->
       device_interrupt = device_interrupt || !(device_status == status_S_DONE);
       device_status = status_S_DONE;
       migration_at = (migration_last -> phase_LAST : phase_ROUND) }
  /* SEND (take) send_takes(1): hypervisor; ram.c: migration_bitmap_clear_dirty */
  :: d_step { ((migration_at == phase_ROUND) || (migration_at == phase_LAST)) && (migration_sending == 0) && ((log_bitmap & 1) != 0) && !false ->
       log_bitmap = log_bitmap & ~1;
       migration_sending = 1;
       migration_send_step = sending_TAKEN }
  /* SEND (take) send_takes(2): hypervisor; ram.c: migration_bitmap_clear_dirty */
  :: d_step { ((migration_at == phase_ROUND) || (migration_at == phase_LAST)) && (migration_sending == 0) && ((log_bitmap & 2) != 0) && !false ->
       log_bitmap = log_bitmap & ~2;
       migration_sending = 2;
       migration_send_step = sending_TAKEN }
  /* SEND (take) send_takes(3): hypervisor; ram.c: migration_bitmap_clear_dirty */
  :: d_step { ((migration_at == phase_ROUND) || (migration_at == phase_LAST)) && (migration_sending == 0) && ((log_bitmap & 4) != 0) && !false ->
       log_bitmap = log_bitmap & ~4;
       migration_sending = 3;
       migration_send_step = sending_TAKEN }
  /* SEND (take) send_takes(4): hypervisor; ram.c: migration_bitmap_clear_dirty */
  :: d_step { ((migration_at == phase_ROUND) || (migration_at == phase_LAST)) && (migration_sending == 0) && ((log_bitmap & 8) != 0) && !false ->
       log_bitmap = log_bitmap & ~8;
       migration_sending = 4;
       migration_send_step = sending_TAKEN }
  /* SEND (read) send_reads: hypervisor; ram.c: ram_save_target_page */
  :: d_step { (migration_send_step == sending_TAKEN) ->
       assert((migration_at == phase_IDLE) || (((((ghost_stale & ~(1 << migration_sending >> 1)) & ~ghost_stale) & ~ghost_data) & ~memory_free) == 0));
       ghost_stale = ghost_stale & ~(1 << migration_sending >> 1);
       migration_sending = 0;
       migration_send_step = sending_NOTHING }
  /* M8 complete: hypervisor; ram.c: ram_save_complete; savevm.c: qemu_savevm_state_cleanup */
  :: d_step { (migration_at == phase_LAST) && (migration_sending == 0) && (log_bitmap == 0) ->
       migration_at = phase_COMPLETE }
  /* M9 resume: hypervisor; migration.c: process_incoming_migration_bh; virtio.c:
     virtio_device_start_ioeventfd_impl */
  :: d_step { (migration_at == phase_COMPLETE) ->
       assert(device_awake || ((vm_running || migration_last) && !vm_running));
       log_bitmap = 0;
       log_own = 0;
       log_kernel = 0;
       ghost_written = 0;
       ghost_stale = 0;
       migration_at = phase_IDLE;
       vm_running = vm_running || migration_last;
       migration_last = false;
       device_awake = true }
  /* M10 H3 abort_migration: hypervisor; savevm.c: qemu_savevm_state_cleanup; migration.c: migrate_fd_cancel
     */
  :: d_step { ((migration_at == phase_ROUND) || (migration_at == phase_LAST)) && (migration_sending == 0) && !false ->
       assert((device_interrupt || (device_negotiated && !(device_status == status_S_DONE))) == (device_interrupt || !(device_status == ((device_negotiated && !(device_status == status_S_DONE)) -> status_S_DONE : device_status))));
       assert(!((device_interrupt || (device_negotiated && !(device_status == status_S_DONE))) && !device_interrupt) || device_negotiated);
       assert((!((vm_running || migration_last) && !vm_running) || (device_awake || migration_last)) && (!((device_awake || migration_last) && !device_awake) || ((vm_running || migration_last) && !vm_running)));
       device_awake = device_awake || migration_last;
       log_bitmap = 0;
       log_own = 0;
       log_kernel = 0;
       ghost_written = 0;
       ghost_stale = 0;
       migration_at = phase_IDLE;
       vm_running = vm_running || migration_last;
       migration_last = false;
       device_interrupt = device_interrupt || (device_negotiated && !(device_status == status_S_DONE));
       device_status = ((device_negotiated && !(device_status == status_S_DONE)) -> status_S_DONE : device_status) }
  /* V1 pause: hypervisor; QMP stop; virtio-balloon.c (QEMU): virtio_balloon_set_status */
  :: d_step { (left_pauses > 0) && vm_running && !false && ((migration_at == phase_IDLE) || (migration_at == phase_ROUND)) ->
       left_pauses = left_pauses - 1;
       vm_running = false }
  /* V2 unpause: hypervisor; QMP cont; virtio-balloon.c (QEMU): virtio_balloon_set_status; virtio.c:
     virtio_device_start_ioeventfd_impl */
  :: d_step { !vm_running && !migration_last && ((migration_at == phase_IDLE) || (migration_at == phase_ROUND)) ->
       vm_running = true;
       device_awake = true }
  /* V3 resize_balloon: hypervisor; QMP balloon; virtio-balloon.c (QEMU): virtio_balloon_to_target,
     virtio_notify_config */
  :: d_step { (left_resizes > 0) && device_negotiated ->
       left_resizes = left_resizes - 1;
       device_interrupt = true }
  od
}
