/* Pages, the classic balloon's page lists, counters of the memory management. See kernel.h. */
#ifndef HINTPROOF_MEMORY_H
#define HINTPROOF_MEMORY_H

#include "work.h"

/* -- memory ----------------------------------------------------------------------------------------------------- */
#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x) ALIGN((unsigned long)(x), PAGE_SIZE)
#define PAGE_ALIGNED(x) IS_ALIGNED((unsigned long)(x), PAGE_SIZE)
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)
#define PFN_UP(x) (((unsigned long)(x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x) ((unsigned long)(x) >> PAGE_SHIFT)
#define PFN_PHYS(x) ((phys_addr_t)(x) << PAGE_SHIFT)
#define PHYS_PFN(x) ((unsigned long)((x) >> PAGE_SHIFT))
#define get_order(size) ((int)order_base_2(PFN_UP(size)))
#define MAX_PAGE_ORDER 10
#ifndef MAX_ORDER
#define MAX_ORDER MAX_PAGE_ORDER
#endif
#define MAX_ORDER_NR_PAGES (1UL << MAX_PAGE_ORDER)
#define NR_PAGE_ORDERS (MAX_PAGE_ORDER + 1)
#define pageblock_order 9
#define pageblock_nr_pages (1UL << pageblock_order)
#define NUMA_NO_NODE (-1)
#define numa_node_id() 0
#define dev_to_node(dev) ((void)(dev), NUMA_NO_NODE)
enum { __GFP_DMA = 1 << 0, __GFP_HIGHMEM = 1 << 1, __GFP_DMA32 = 1 << 2, __GFP_MOVABLE = 1 << 3, __GFP_RECLAIMABLE = 1 << 4,
       __GFP_HIGH = 1 << 5, __GFP_IO = 1 << 6, __GFP_FS = 1 << 7, __GFP_ZERO = 1 << 8, __GFP_NOWARN = 1 << 9,
       __GFP_NORETRY = 1 << 10, __GFP_NOMEMALLOC = 1 << 11, __GFP_DIRECT_RECLAIM = 1 << 12,
       __GFP_KSWAPD_RECLAIM = 1 << 13, __GFP_COMP = 1 << 14, __GFP_RETRY_MAYFAIL = 1 << 15, __GFP_NOFAIL = 1 << 16,
       __GFP_MEMALLOC = 1 << 17, __GFP_HARDWALL = 1 << 18, __GFP_THISNODE = 1 << 19, __GFP_ACCOUNT = 1 << 20,
       __GFP_WRITE = 1 << 21, __GFP_ATOMIC = 1 << 22, __GFP_ZEROTAGS = 1 << 23, __GFP_SKIP_ZERO = 1 << 24,
       __GFP_SKIP_KASAN = 1 << 25, __GFP_NOLOCKDEP = 1 << 26, __GFP_NO_OBJ_EXT = 1 << 27, __GFP_CMA = 1 << 28,
       __GFP_RECLAIM = __GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM, __GFP_SKIP_KASAN_POISON = __GFP_SKIP_KASAN,
       __GFP_SKIP_KASAN_UNPOISON = __GFP_SKIP_KASAN, __GFP_BITS_SHIFT = 29,
       GFP_NOWAIT = __GFP_KSWAPD_RECLAIM, GFP_ATOMIC = __GFP_HIGH | __GFP_KSWAPD_RECLAIM, GFP_NOIO = __GFP_RECLAIM,
       GFP_NOFS = __GFP_RECLAIM | __GFP_IO, GFP_KERNEL = __GFP_RECLAIM | __GFP_IO | __GFP_FS,
       GFP_KERNEL_ACCOUNT = GFP_KERNEL | __GFP_ACCOUNT, GFP_USER = GFP_KERNEL | __GFP_HARDWALL, GFP_DMA = __GFP_DMA,
       GFP_DMA32 = __GFP_DMA32, GFP_HIGHUSER = GFP_KERNEL | __GFP_HIGHMEM,
       GFP_HIGHUSER_MOVABLE = GFP_HIGHUSER | __GFP_MOVABLE,
       GFP_TRANSHUGE_LIGHT = (GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOMEMALLOC | __GFP_NOWARN) & ~__GFP_RECLAIM,
       GFP_TRANSHUGE = GFP_TRANSHUGE_LIGHT | __GFP_DIRECT_RECLAIM };
#define gfpflags_allow_blocking(flags) (!!((flags) & __GFP_DIRECT_RECLAIM))
struct page { struct list_head lru; unsigned long private; u8 state, count, order; };
struct page *alloc_pages(gfp_t flags, unsigned int order);
#define alloc_page(flags) alloc_pages(flags, 0)
void __free_pages(struct page *page, unsigned int order);
void free_pages(unsigned long address, unsigned int order);
#define __free_page(page) __free_pages(page, 0)
#define free_page(address) free_pages(address, 0)
unsigned long __get_free_pages(gfp_t flags, unsigned int order);
void *page_address(const struct page *page);
struct page *virt_to_page(const void *address);
unsigned long page_to_pfn(const struct page *page);
struct page *pfn_to_page(unsigned long pfn);
#define page_to_phys(page) ((u64)page_to_pfn(page) << PAGE_SHIFT)
void get_page(struct page *page);
void put_page(struct page *page);
#define alloc_pages_node(node, flags, order) ((void)(node), alloc_pages(flags, order))
#define __get_free_page(flags) __get_free_pages(flags, 0)
#define get_zeroed_page(flags) __get_free_pages((flags) | __GFP_ZERO, 0)
#define virt_to_phys(address) ((phys_addr_t)(unsigned long)(address))
#define phys_to_virt(address) ((void *)(unsigned long)(address))
#define __pa(address) virt_to_phys(address)
#define __va(address) phys_to_virt(address)
#define virt_to_pfn(address) page_to_pfn(virt_to_page(address))
#define pfn_to_virt(pfn) page_address(pfn_to_page(pfn))
#define phys_to_page(address) pfn_to_page(PHYS_PFN(address))
#define page_to_nid(page) ((void)(page), 0)
#define page_count(page) ((int)(page)->count)
#define page_ref_count(page) page_count(page)
#define page_private(page) ((page)->private)
#define set_page_private(page, value) ((void)((page)->private = (value)))
#define compound_order(page) ((void)(page), 0)
#define PageHighMem(page) ((void)(page), 0)
#define page_zone(page) ((void *)0)
void adjust_managed_page_count(struct page *page, long count);
bool want_init_on_free(void);
bool want_init_on_alloc(gfp_t flags);
bool page_poisoning_enabled(void);
#define page_poisoning_enabled_static() page_poisoning_enabled()
#define PAGE_POISON 0xaa

struct balloon_dev_info { unsigned long isolated_pages; spinlock_t pages_lock; struct list_head pages;
			  int (*migratepage)(void); bool adjust_managed_page_count; };
void balloon_devinfo_init(struct balloon_dev_info *info);
struct page *balloon_page_alloc(void);
void balloon_page_enqueue(struct balloon_dev_info *info, struct page *page);
struct page *balloon_page_dequeue(struct balloon_dev_info *info);
size_t balloon_page_list_enqueue(struct balloon_dev_info *info, struct list_head *pages);
size_t balloon_page_list_dequeue(struct balloon_dev_info *info, struct list_head *pages, size_t most);
void hp_list_changes(const struct list_head *list);
static HP_INLINE void balloon_page_push(struct list_head *l, struct page *page)
{
	hp_list_changes(l);
	list_add(&page->lru, l);
}
static HP_INLINE struct page *balloon_page_pop(struct list_head *l)
{
	struct page *page = list_first_entry_or_null(l, struct page, lru);

	hp_list_changes(l);
	if (page)
		list_del(&page->lru);
	return page;
}
#define balloon_page_insert(info, page) list_add(&(page)->lru, &(info)->pages)
#define balloon_page_finalize(page) ((void)(page))

struct sysinfo { unsigned long totalram, freeram, sharedram, bufferram, totalswap, freeswap, totalhigh, freehigh; };
enum { NR_FILE_PAGES, NR_FREE_PAGES, NR_ANON_MAPPED, NR_FILE_MAPPED, NR_FILE_DIRTY, NR_WRITEBACK, NR_SHMEM };
enum { PSWPIN, PSWPOUT, PGMAJFAULT, PGFAULT, OOM_KILL, ALLOCSTALL_NORMAL, PGSCAN_KSWAPD, PGSCAN_DIRECT, PGSTEAL_KSWAPD,
       PGSTEAL_DIRECT, HTLB_BUDDY_PGALLOC, HTLB_BUDDY_PGALLOC_FAIL, BALLOON_INFLATE, BALLOON_DEFLATE, BALLOON_MIGRATE, NR_VM_EVENT_ITEMS };
enum { ZONE_NORMAL, MAX_NR_ZONES };
#define CONFIG_VM_EVENT_COUNTERS 1
#define count_vm_event(event) ((void)(event))
#define count_vm_events(event, count) ((void)(event), (void)(count))
#define __count_vm_event(event) count_vm_event(event)
#define __count_vm_events(event, count) count_vm_events(event, count)
#define memalloc_noio_save() 0U
#define memalloc_noio_restore(flags) ((void)(flags))
#define memalloc_nofs_save() 0U
#define memalloc_nofs_restore(flags) ((void)(flags))
#define memalloc_noreclaim_save() 0U
#define memalloc_noreclaim_restore(flags) ((void)(flags))
static HP_INLINE void all_vm_events(unsigned long *events)
{
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		events[i] = 0;
}
void si_meminfo(struct sysinfo *info);
long si_mem_available(void);
unsigned long global_node_page_state(int item);
#define global_zone_page_state(item) global_node_page_state(item)
#define global_node_page_state_pages(item) global_node_page_state(item)
#define nr_free_pages() global_zone_page_state(NR_FREE_PAGES)
#define totalram_pages() (1UL << 20)

#endif
