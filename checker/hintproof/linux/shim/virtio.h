/* Shrinker, notifiers, virtio, the module. See kernel.h. */
#ifndef HINTPROOF_VIRTIO_H
#define HINTPROOF_VIRTIO_H

#include "heap.h"

/* -- those who ask for memory back ------------------------------------------------------------------------------ */
struct shrink_control { gfp_t gfp_mask; int nid; unsigned long nr_to_scan, nr_scanned; void *memcg; };
struct shrinker {
	unsigned long (*count_objects)(struct shrinker *, struct shrink_control *);
	unsigned long (*scan_objects)(struct shrinker *, struct shrink_control *);
	long batch;
	int seeks;
	unsigned int flags;
	void *private_data;
};
#define DEFAULT_SEEKS 2
#define SHRINK_STOP (~0UL)
#define SHRINK_EMPTY (~0UL - 1)
int hp_register_shrinker(struct shrinker *s);
#define register_shrinker(s, ...) hp_register_shrinker(s)
void unregister_shrinker(struct shrinker *s);
struct shrinker *hp_shrinker_alloc(void);
#define shrinker_alloc(...) hp_shrinker_alloc()
#define shrinker_register(s) ((void)hp_register_shrinker(s))
void shrinker_free(struct shrinker *s);
struct notifier_block {
	int (*notifier_call)(struct notifier_block *, unsigned long, void *);
	struct notifier_block *next;
	int priority;
};
int register_oom_notifier(struct notifier_block *block);
int unregister_oom_notifier(struct notifier_block *block);
#define PAGE_REPORTING_CAPACITY 32
#define PAGE_REPORTING_ORDER_UNSPECIFIED (-1)
struct page_reporting_dev_info {
	int (*report)(struct page_reporting_dev_info *, struct scatterlist *, unsigned int);
	unsigned int order, capacity;
};
int page_reporting_register(struct page_reporting_dev_info *info);
void page_reporting_unregister(struct page_reporting_dev_info *info);

/* -- virtio ----------------------------------------------------------------------------------------------------- */
struct virtio_device;
struct virtqueue {
	void (*callback)(struct virtqueue *);
	const char *name;
	struct virtio_device *vdev;
	unsigned int index, num_free, num_max;
	void *priv;
};
typedef void vq_callback_t(struct virtqueue *);
struct virtqueue_info { const char *name; vq_callback_t *callback; bool ctx; };
struct irq_affinity;
struct virtio_config_ops {
	void (*get)(struct virtio_device *, unsigned int, void *, unsigned int);
	void (*set)(struct virtio_device *, unsigned int, const void *, unsigned int);
	void (*reset)(struct virtio_device *);
	int (*find_vqs)(struct virtio_device *, unsigned int, struct virtqueue *[], vq_callback_t *[],
			const char *const [], const bool *, struct irq_affinity *);
	void (*del_vqs)(struct virtio_device *);
};
struct virtio_device_id { u32 device, vendor; };
struct virtio_device {
	struct device dev;
	struct virtio_device_id id;
	const struct virtio_config_ops *config;
	u64 features;
	void *priv;
	int index;
	bool failed;
};
struct virtio_driver {
	struct device_driver driver;
	const struct virtio_device_id *id_table;
	const unsigned int *feature_table;
	unsigned int feature_table_size;
	const unsigned int *feature_table_legacy;
	unsigned int feature_table_size_legacy;
	int (*validate)(struct virtio_device *);
	int (*probe)(struct virtio_device *);
	void (*scan)(struct virtio_device *);
	void (*remove)(struct virtio_device *);
	void (*config_changed)(struct virtio_device *);
	int (*freeze)(struct virtio_device *);
	int (*restore)(struct virtio_device *);
	void (*shutdown)(struct virtio_device *);
};
enum { VIRTIO_ID_BALLOON = 5, VIRTIO_RING_F_INDIRECT_DESC = 28, VIRTIO_RING_F_EVENT_IDX = 29, VIRTIO_F_VERSION_1 = 32,
       VIRTIO_F_ACCESS_PLATFORM = 33, VIRTIO_F_IOMMU_PLATFORM = 33 };
#define VIRTIO_DEV_ANY_ID 0xffffffff
static HP_INLINE bool virtio_has_feature(const struct virtio_device *vdev, unsigned int bit)
{
	return vdev->features >> bit & 1;
}
static HP_INLINE void __virtio_clear_bit(struct virtio_device *vdev, unsigned int bit)
{
	vdev->features &= ~BIT_ULL(bit);
}
static HP_INLINE void __virtio_set_bit(struct virtio_device *vdev, unsigned int bit)
{
	vdev->features |= BIT_ULL(bit);
}
int virtqueue_add_outbuf(struct virtqueue *vq, struct scatterlist *sg, unsigned int n, void *cookie, gfp_t flags);
int virtqueue_add_inbuf(struct virtqueue *vq, struct scatterlist *sg, unsigned int n, void *cookie, gfp_t flags);
int virtqueue_add_sgs(struct virtqueue *vq, struct scatterlist *lists[], unsigned int out, unsigned int in, void *cookie,
		      gfp_t flags);
#define virtqueue_add_inbuf_ctx(vq, sg, n, cookie, context, flags) virtqueue_add_inbuf(vq, sg, n, cookie, flags)
bool virtqueue_kick(struct virtqueue *vq);
bool virtqueue_kick_prepare(struct virtqueue *vq);
bool virtqueue_notify(struct virtqueue *vq);
void *virtqueue_get_buf(struct virtqueue *vq, unsigned int *length);
void *virtqueue_detach_unused_buf(struct virtqueue *vq);
unsigned int virtqueue_get_vring_size(const struct virtqueue *vq);
bool virtqueue_is_broken(const struct virtqueue *vq);
void virtqueue_disable_cb(struct virtqueue *vq);
bool virtqueue_enable_cb(struct virtqueue *vq);
#define virtqueue_enable_cb_delayed(vq) virtqueue_enable_cb(vq)
#define virtqueue_enable_cb_prepare(vq) ((unsigned int)!virtqueue_enable_cb(vq))
#define virtqueue_poll(vq, before) ((void)(before), !virtqueue_enable_cb(vq))
#define virtqueue_get_buf_ctx(vq, length, context) virtqueue_get_buf(vq, length)
int hp_find_vqs(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[], vq_callback_t *callbacks[],
		const char *const names[]);
int hp_find_vqs_info(struct virtio_device *vdev, unsigned int n, struct virtqueue *vqs[], struct virtqueue_info info[]);
#define HP_FIND_OLD(vdev, n, vqs, callbacks, names, desc) hp_find_vqs(vdev, n, vqs, callbacks, names)
#define HP_FIND_NEW(vdev, n, vqs, info, desc) hp_find_vqs_info(vdev, n, vqs, info)
#define HP_SIXTH(a, b, c, d, e, f, g, ...) g
#define virtio_find_vqs(...) HP_SIXTH(__VA_ARGS__, HP_FIND_OLD, HP_FIND_NEW, 0, 0, 0)(__VA_ARGS__)
void hp_config_read(struct virtio_device *vdev, unsigned int offset, void *to, unsigned int size);
void hp_config_write(struct virtio_device *vdev, unsigned int offset, const void *from, unsigned int size);
#define virtio_cread_le(vdev, type, field, to) \
	do { \
		__typeof__(*(to)) hp_value = 0; \
		hp_config_read(vdev, offsetof(type, field), &hp_value, sizeof(((type *)0)->field)); \
		*(to) = hp_value; \
	} while (0)
#define virtio_cwrite_le(vdev, type, field, from) \
	do { \
		__typeof__(((type *)0)->field) hp_value = *(from); \
		hp_config_write(vdev, offsetof(type, field), &hp_value, sizeof(hp_value)); \
	} while (0)
#define virtio_cread virtio_cread_le
#define virtio_cwrite virtio_cwrite_le
#define virtio_cread_le_feature(vdev, bit, type, field, to) \
	({ \
		bool has_ = virtio_has_feature(vdev, bit); \
		if (has_) \
			virtio_cread_le(vdev, type, field, to); \
		has_ ? 0 : -ENOENT; \
	})
#define virtio_cread_feature virtio_cread_le_feature
#define virtio_cread_bytes(vdev, offset, to, size) hp_config_read(vdev, offset, to, size)
#define HP_CREAD(T, vdev, offset) ({ T hp_value = 0; hp_config_read(vdev, offset, &hp_value, sizeof(T)); hp_value; })
#define HP_CWRITE(T, vdev, offset, value) \
	do { T hp_value = (value); hp_config_write(vdev, offset, &hp_value, sizeof(T)); } while (0)
#define virtio_cread8(vdev, offset) HP_CREAD(u8, vdev, offset)
#define virtio_cread16(vdev, offset) HP_CREAD(u16, vdev, offset)
#define virtio_cread32(vdev, offset) HP_CREAD(u32, vdev, offset)
#define virtio_cread64(vdev, offset) HP_CREAD(u64, vdev, offset)
#define virtio_cwrite8(vdev, offset, value) HP_CWRITE(u8, vdev, offset, value)
#define virtio_cwrite16(vdev, offset, value) HP_CWRITE(u16, vdev, offset, value)
#define virtio_cwrite32(vdev, offset, value) HP_CWRITE(u32, vdev, offset, value)
#define virtio_cwrite64(vdev, offset, value) HP_CWRITE(u64, vdev, offset, value)
void virtio_device_ready(struct virtio_device *vdev);
void virtio_reset_device(struct virtio_device *vdev);
void virtio_device_shutdown(struct virtio_device *vdev);
void virtio_break_device(struct virtio_device *vdev);
void __virtio_unbreak_device(struct virtio_device *vdev);
#define dev_to_virtio(device) container_of(device, struct virtio_device, dev)
#define virtio_bus_name(vdev) ((void)(vdev), "virtio")
#define virtio_legacy_is_little_endian() true
#define virtio_is_little_endian(vdev) true
u32 cpu_to_virtio32(const struct virtio_device *vdev, u32 value);
u32 virtio32_to_cpu(const struct virtio_device *vdev, u32 value); /* up to 5.8 the active id goes through it as it is stored */
#define cpu_to_virtio16(vdev, value) ((__virtio16)((void)(vdev), (value)))
#define cpu_to_virtio64(vdev, value) ((__virtio64)((void)(vdev), (value)))
#define virtio16_to_cpu(vdev, value) ((u16)((void)(vdev), (value)))
#define virtio64_to_cpu(vdev, value) ((u64)((void)(vdev), (value)))
#define cpu_to_le16(x) ((__le16)(x))
#define cpu_to_le32(x) ((__le32)(x))
#define cpu_to_le64(x) ((__le64)(x))
#define cpu_to_be16(x) ((__be16)__builtin_bswap16(x))
#define cpu_to_be32(x) ((__be32)__builtin_bswap32(x))
#define cpu_to_be64(x) ((__be64)__builtin_bswap64(x))
#define be16_to_cpu(x) __builtin_bswap16(x)
#define be32_to_cpu(x) __builtin_bswap32(x)
#define be64_to_cpu(x) __builtin_bswap64(x)
#define le16_to_cpup(p) le16_to_cpu(*(p))
#define le32_to_cpup(p) le32_to_cpu(*(p))
#define le64_to_cpup(p) le64_to_cpu(*(p))
#define cpu_to_le32s(p) ((void)(p))
#define le32_to_cpus(p) ((void)(p))
#define le16_to_cpu(x) ((u16)(x))
#define le32_to_cpu(x) ((u32)(x))
#define le64_to_cpu(x) ((u64)(x))

/* -- the module ------------------------------------------------------------------------------------------------- */
#define KBUILD_MODNAME "virtio_balloon"
#define THIS_MODULE NULL
#define CONFIG_PM_SLEEP 1
extern struct virtio_driver *const hp_driver;
#define module_virtio_driver(name) struct virtio_driver *const hp_driver = &(name)
#define MODULE_DEVICE_TABLE(type, table)
#define MODULE_DESCRIPTION(text)
#define MODULE_LICENSE(text)
#define MODULE_AUTHOR(text)
#define MODULE_ALIAS(text)
#define module_param(name, type, permissions)
#define module_param_named(name, variable, type, permissions)
#define module_param_array(name, type, count, permissions)
#define MODULE_VERSION(text)
#define MODULE_INFO(tag, text)
#define MODULE_IMPORT_NS(name)
#define MODULE_SOFTDEP(text)
#define try_module_get(module) ((void)(module), true)
#define module_put(module) ((void)(module))
#define MODULE_PARM_DESC(name, text)
#define EXPORT_SYMBOL_GPL(name)
#define EXPORT_SYMBOL(name)
#define pm_ptr(p) (p)
#define pm_sleep_ptr(p) (p)

#endif
