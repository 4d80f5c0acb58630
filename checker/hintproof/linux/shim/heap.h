/* The heap, and lists of buffers in it. See kernel.h. */
#ifndef HINTPROOF_HEAP_H
#define HINTPROOF_HEAP_H

#include "guard.h"
#include "memory.h"

/* -- the heap: what is not asked to be zero is full of nonsense ------------------------------------------------- */
#define ZERO_SIZE_PTR ((void *)16)
#define ZERO_OR_NULL_PTR(p) ((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)
#define ARCH_KMALLOC_MINALIGN 8
#define KMALLOC_MAX_SIZE (1UL << 22)
void *kmalloc(size_t size, gfp_t flags);
void *kzalloc(size_t size, gfp_t flags);
void *krealloc(const void *memory, size_t size, gfp_t flags);
void *kmemdup(const void *from, size_t size, gfp_t flags);
char *kstrdup(const char *text, gfp_t flags);
void kfree(const void *memory);
size_t ksize(const void *memory);
#define kcalloc(n, size, flags) kzalloc(size_mul(n, size), flags)
#define kmalloc_array(n, size, flags) kmalloc(size_mul(n, size), flags)
#define krealloc_array(p, n, size, flags) krealloc(p, size_mul(n, size), flags)
#define kmemdup_array(from, n, size, flags) kmemdup(from, size_mul(n, size), flags)
#define kmalloc_node(size, flags, node) kmalloc(size, flags)
#define kzalloc_node(size, flags, node) kzalloc(size, flags)
#define kcalloc_node(n, size, flags, node) kcalloc(n, size, flags)
#define kvmalloc kmalloc
#define kvzalloc kzalloc
#define kvcalloc kcalloc
#define kvmalloc_array kmalloc_array
#define vmalloc(size) kmalloc(size, GFP_KERNEL)
#define vzalloc(size) kzalloc(size, GFP_KERNEL)
#define kvfree kfree
#define vfree kfree
#define kfree_sensitive kfree
#define kvfree_sensitive(p, size) kfree(p)
#define kfree_const kfree
#define HP_FLAGS_(unused, flags, ...) flags
#define HP_FLAGS(...) HP_FLAGS_(0, ##__VA_ARGS__, GFP_KERNEL)
#define HP_NEW(how, object, size, ...) ((__typeof__(object) *)how(size, HP_FLAGS(__VA_ARGS__)))
#define kmalloc_obj(object, ...) HP_NEW(kmalloc, object, sizeof(object), ##__VA_ARGS__)
#define kzalloc_obj(object, ...) HP_NEW(kzalloc, object, sizeof(object), ##__VA_ARGS__)
#define kmalloc_objs(object, n, ...) HP_NEW(kmalloc, object, size_mul(n, sizeof(object)), ##__VA_ARGS__)
#define kzalloc_objs(object, n, ...) HP_NEW(kzalloc, object, size_mul(n, sizeof(object)), ##__VA_ARGS__)
#define kmalloc_flex(object, member, n, ...) \
	HP_NEW(kmalloc, object, struct_size((__typeof__(object) *)0, member, n), ##__VA_ARGS__)
#define kzalloc_flex(object, member, n, ...) \
	HP_NEW(kzalloc, object, struct_size((__typeof__(object) *)0, member, n), ##__VA_ARGS__)
#define kvmalloc_obj kmalloc_obj
#define kvzalloc_obj kzalloc_obj
#define kvmalloc_objs kmalloc_objs
#define kvzalloc_objs kzalloc_objs
/* Freed by the core, after remove() or a probe() that fails. */
void *devm_kmalloc(struct device *dev, size_t size, gfp_t flags);
#define devm_kzalloc(dev, size, flags) devm_kmalloc(dev, size, (flags) | __GFP_ZERO)
#define devm_kcalloc(dev, n, size, flags) devm_kzalloc(dev, size_mul(n, size), flags)
#define devm_kmalloc_array(dev, n, size, flags) devm_kmalloc(dev, size_mul(n, size), flags)
void devm_kfree(struct device *dev, const void *memory);
DEFINE_FREE(kfree, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))
DEFINE_FREE(kvfree, void *, if (!IS_ERR_OR_NULL(_T)) kvfree(_T))
DEFINE_FREE(kfree_sensitive, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))
DEFINE_FREE(free_page, void *, free_page((unsigned long)_T))

/* -- lists of buffers ------------------------------------------------------------------------------------------- */
struct scatterlist { unsigned long address; unsigned int length, offset; bool last; };
#define sg_is_last(sg) ((sg)->last)
#define sg_mark_end(sg) ((void)((sg)->last = true))
#define sg_unmark_end(sg) ((void)((sg)->last = false))
#define sg_virt(sg) ((void *)(sg)->address)
#define sg_phys(sg) ((dma_addr_t)(sg)->address)
#define sg_page(sg) virt_to_page((void *)((sg)->address - (sg)->offset))
#define for_each_sg(list, sg, count, number) \
	for ((number) = 0, (sg) = (list); (number) < (int)(count); (number)++, (sg) = sg_next(sg))
static HP_INLINE struct scatterlist *sg_next(struct scatterlist *sg) { return sg->last ? NULL : sg + 1; }
static HP_INLINE struct scatterlist *sg_last(struct scatterlist *sg, unsigned int n) { return sg + n - 1; }
static HP_INLINE void sg_init_table(struct scatterlist *sg, unsigned int n)
{
	memset(sg, 0, n * sizeof(*sg));
	sg_mark_end(&sg[n - 1]);
}
static HP_INLINE void sg_set_buf(struct scatterlist *sg, const void *buffer, unsigned int length)
{
	sg->address = (unsigned long)buffer;
	sg->offset = offset_in_page(buffer);
	sg->length = length;
}
static HP_INLINE void sg_set_page(struct scatterlist *sg, struct page *page, unsigned int length, unsigned int offset)
{
	sg->address = (unsigned long)page_address(page) + offset;
	sg->offset = offset;
	sg->length = length;
}
static HP_INLINE void sg_init_one(struct scatterlist *sg, const void *buffer, unsigned int length)
{
	sg_init_table(sg, 1);
	sg_set_buf(sg, buffer, length);
}
static HP_INLINE int sg_nents(struct scatterlist *sg)
{
	int count = 0;

	for (; sg; sg = sg_next(sg))
		count++;
	return count;
}

#endif
