/* Memory: blocks and small pages, with owners. A block has room for the largest order, and is had with any but 0. */
#include "runtime.h"

/* -- blocks and pages have made-up addresses: the driver never looks into them */

int hp_block_of(u64 address)
{
	u64 number = (address - BLOCK_BASE) / BLOCK_SIZE;

	return address >= BLOCK_BASE && number < hp_settings.blocks && !(address % BLOCK_SIZE) ? (int)number : -1;
}

static int is_block(const struct page *page)
{
	return page >= hp_m->blocks && page < hp_m->blocks + hp_settings.blocks;
}

static int is_small(const struct page *page)
{
	return page >= hp_m->small && page < hp_m->small + hp_settings.small_pages;
}

void *page_address(const struct page *page)
{
	if (is_block(page))
		return (void *)(BLOCK_BASE + (page - hp_m->blocks) * BLOCK_SIZE);
	if (is_small(page))
		return (void *)(SMALL_BASE + (page - hp_m->small) * PAGE_SIZE);
	hp_bug("page_address() of something that is no page");
}

struct page *virt_to_page(const void *address)
{
	u64 at = (u64)address;

	if (hp_block_of(at) >= 0)
		return &hp_m->blocks[hp_block_of(at)];
	if (at >= SMALL_BASE && (at - SMALL_BASE) / PAGE_SIZE < hp_settings.small_pages)
		return &hp_m->small[(at - SMALL_BASE) / PAGE_SIZE];
	hp_bug("an address that is of no page");
}

unsigned long page_to_pfn(const struct page *page)
{
	return (unsigned long)page_address(page) >> PAGE_SHIFT;
}

struct page *pfn_to_page(unsigned long pfn)
{
	return virt_to_page((void *)(pfn << PAGE_SHIFT));
}

static struct page *take(struct page *pages, int count, int wanted, unsigned int order)
{
	for (int i = 0; i < count; i++)
		if (pages[i].state == OWNER_FREE && (wanted == -2 || wanted == i)) {
			pages[i] = (struct page){ .state = OWNER_DRIVER, .count = 1, .order = order };
			return &pages[i];
		}
	return NULL;
}

static struct page *allocate(const void *site, gfp_t flags, unsigned int order)
{
	struct page *page;

	if (flags & __GFP_DIRECT_RECLAIM)
		hp_atomic_check("an allocation that may sleep, where it is forbidden to sleep");
	if (order > MAX_PAGE_ORDER)
		hp_bug("an allocation of an order that the kernel does not have");
	hp_point(order ? OP_ALLOC : OP_SMALL_ALLOC, site, order, flags, 0);
	page = order ? take(hp_m->blocks, hp_settings.blocks, hp_next_block, order)
		     : take(hp_m->small, hp_settings.small_pages, -2, 0);
	hp_note(order ? OP_ALLOC : OP_SMALL_ALLOC, site, order, page ? (u64)page_address(page) : 0, flags);
	return page;
}

struct page *alloc_pages(gfp_t flags, unsigned int order)
{
	return allocate(SITE, flags, order);
}

unsigned long __get_free_pages(gfp_t flags, unsigned int order)
{
	struct page *page = allocate(SITE, flags, order);

	return page ? (unsigned long)page_address(page) : 0;
}

static void give_back(const void *site, struct page *page, unsigned int order)
{
	if ((order ? !is_block(page) : !is_small(page)) || (page->state == OWNER_DRIVER && page->order != order))
		hp_bug("memory is freed with the wrong order, or is no page");
	if (page->state != OWNER_DRIVER)
		hp_bug("memory is freed that the driver does not have (any more)");
	hp_point(order ? OP_FREE : OP_SMALL_FREE, site, order, (u64)page_address(page), 0);
	if (page->state != OWNER_DRIVER)
		hp_bug("memory is freed twice, by two threads");
	hp_note(order ? OP_FREE : OP_SMALL_FREE, site, order, (u64)page_address(page), page->lru.next != NULL);
	if (page->lru.next)
		hp_bug("memory is freed that is on a list of the driver");
	*page = (struct page){ .state = OWNER_FREE };
}

void __free_pages(struct page *page, unsigned int order)
{
	give_back(SITE, page, order);
}

void free_pages(unsigned long address, unsigned int order)
{
	give_back(SITE, virt_to_page((void *)address), order);
}

void get_page(struct page *page)
{
	hp_section_ends();
	page->count++;
}

void put_page(struct page *page)
{
	if (is_small(page) && page->count > 1)
		page->count--;
	else
		give_back(SITE, page, page->order);
}

void adjust_managed_page_count(struct page *page, long count)
{
	(void)page;
	(void)count;
}

/* -- the classic balloon's pages */

void balloon_devinfo_init(struct balloon_dev_info *info)
{
	memset(info, 0, sizeof(*info));
	hp_lock_init(&info->pages_lock);
	INIT_LIST_HEAD(&info->pages);
}

struct page *balloon_page_alloc(void)
{
	return allocate(SITE, GFP_HIGHUSER | __GFP_NOMEMALLOC | __GFP_NORETRY | __GFP_NOWARN, 0);
}

void balloon_page_enqueue(struct balloon_dev_info *info, struct page *page)
{
	hp_section_ends();
	list_add(&page->lru, &info->pages);
}

struct page *balloon_page_dequeue(struct balloon_dev_info *info)
{
	struct page *page = list_first_entry_or_null(&info->pages, struct page, lru);

	hp_section_ends();
	if (page)
		list_del(&page->lru);
	return page;
}

size_t balloon_page_list_enqueue(struct balloon_dev_info *info, struct list_head *pages)
{
	struct page *page, *next;
	size_t count = 0;

	hp_section_ends();
	list_for_each_entry_safe(page, next, pages, lru) {
		list_move(&page->lru, &info->pages);
		count++;
	}
	return count;
}

size_t balloon_page_list_dequeue(struct balloon_dev_info *info, struct list_head *pages, size_t most)
{
	size_t count = 0;

	hp_section_ends();
	for (; count < most && !list_empty(&info->pages); count++)
		list_move(info->pages.prev, pages);
	return count;
}

void si_meminfo(struct sysinfo *info)
{
	*info = (struct sysinfo){ .totalram = 1 << 20, .freeram = 1 << 19 };
}

long si_mem_available(void)
{
	return 1 << 19;
}

unsigned long global_node_page_state(int item)
{
	(void)item;
	return 0;
}

int hp_init_on_free_is_known; /* whether the driver ever asked: one of before Linux 5.3 can't */

bool want_init_on_free(void)
{
	hp_init_on_free_is_known = 1;
	return hp_settings.init_on_free;
}

bool want_init_on_alloc(gfp_t flags)
{
	return flags & __GFP_ZERO;
}

bool page_poisoning_enabled(void)
{
	return hp_settings.poisoning;
}
