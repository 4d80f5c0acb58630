/* Pages, the heap, the classic balloon's page lists. See kernel.h. */
#ifndef HINTPROOF_MEMORY_H
#define HINTPROOF_MEMORY_H

#include "sync.h"

/* -- memory ----------------------------------------------------------------------------------------------------- */
#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define MAX_PAGE_ORDER 10
#ifndef MAX_ORDER
#define MAX_ORDER MAX_PAGE_ORDER
#endif
#define pageblock_order 9
enum { ___GFP_HIGHMEM = 0x2, __GFP_ZERO = 0x100, __GFP_NOWARN = 0x200, __GFP_NORETRY = 0x400, __GFP_NOMEMALLOC = 0x800,
       __GFP_RECLAIM = 0x3000, __GFP_DIRECT_RECLAIM = 0x1000, __GFP_KSWAPD_RECLAIM = 0x2000, __GFP_IO = 0x40,
       __GFP_FS = 0x80, __GFP_HIGHMEM = 0x2, __GFP_MOVABLE = 0x8, __GFP_COMP = 0x4000, __GFP_RETRY_MAYFAIL = 0x8000,
       GFP_NOWAIT = 0x2000, GFP_ATOMIC = 0x2020, GFP_KERNEL = 0x30c0, GFP_NOIO = 0x3000, GFP_NOFS = 0x3040,
       GFP_HIGHUSER = 0x30c2, GFP_HIGHUSER_MOVABLE = 0x30ca };
struct page { struct list_head lru; unsigned long private; u8 state, count; };
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
#define page_zone(page) ((void *)0)
void adjust_managed_page_count(struct page *page, long count);
void *kzalloc(size_t size, gfp_t flags);
#define kmalloc(size, flags) kzalloc(size, flags)
#define kcalloc(n, size, flags) kzalloc((n) * (size), flags)
#define kmalloc_array(n, size, flags) kzalloc((n) * (size), flags)
#define HP_FLAGS_(unused, flags, ...) flags
#define kzalloc_obj(object, ...) ((__typeof__(object) *)kzalloc(sizeof(object), HP_FLAGS_(0, ##__VA_ARGS__, GFP_KERNEL)))
#define kmalloc_obj kzalloc_obj
void kfree(const void *memory);
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
enum { NR_FILE_PAGES, NR_FREE_PAGES };
enum { PSWPIN, PSWPOUT, PGMAJFAULT, PGFAULT, OOM_KILL, ALLOCSTALL_NORMAL, PGSCAN_KSWAPD, PGSCAN_DIRECT, PGSTEAL_KSWAPD,
       PGSTEAL_DIRECT, HTLB_BUDDY_PGALLOC, HTLB_BUDDY_PGALLOC_FAIL, NR_VM_EVENT_ITEMS };
enum { ZONE_NORMAL, MAX_NR_ZONES };
#define CONFIG_VM_EVENT_COUNTERS 1
static HP_INLINE void all_vm_events(unsigned long *events)
{
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		events[i] = 0;
}
void si_meminfo(struct sysinfo *info);
long si_mem_available(void);
unsigned long global_node_page_state(int item);
#define totalram_pages() (1UL << 20)

struct scatterlist { unsigned long address; unsigned int length; };
static HP_INLINE void sg_init_one(struct scatterlist *sg, const void *buffer, unsigned int length)
{
	sg->address = (unsigned long)buffer;
	sg->length = length;
}

#endif
