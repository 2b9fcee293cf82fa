"""The one place that refuses bad input, so that the layers read as mathematics.

Every message says who refuses what, what was wanted and what came instead::

    Affine: x must have 784 features in its last axis, got shape (100, 28, 28)

TypeError for a dtype or a kind, ValueError for a shape or a value, RuntimeError for the order of calls.
"""

from numpy_impl.validation.arrays import Array as Array
from numpy_impl.validation.arrays import after_forward as after_forward
from numpy_impl.validation.arrays import check_affine as check_affine
from numpy_impl.validation.arrays import check_array as check_array
from numpy_impl.validation.arrays import check_batch as check_batch
from numpy_impl.validation.arrays import check_classes as check_classes
from numpy_impl.validation.arrays import check_dout as check_dout
from numpy_impl.validation.arrays import check_features as check_features
from numpy_impl.validation.arrays import check_parameter as check_parameter
from numpy_impl.validation.arrays import check_plain as check_plain
from numpy_impl.validation.arrays import check_samples as check_samples
from numpy_impl.validation.arrays import check_scalar_dout as check_scalar_dout
from numpy_impl.validation.arrays import check_shape as check_shape
from numpy_impl.validation.arrays import check_targets as check_targets
from numpy_impl.validation.arrays import check_writeable as check_writeable
from numpy_impl.validation.arrays import is_float as is_float
from numpy_impl.validation.attention import check_attention as check_attention
from numpy_impl.validation.attention import check_multi_head as check_multi_head
from numpy_impl.validation.attention import check_sequences as check_sequences
from numpy_impl.validation.chance import check_generator_state as check_generator_state
from numpy_impl.validation.chance import check_share as check_share
from numpy_impl.validation.embedding import check_ids as check_ids
from numpy_impl.validation.embedding import check_table as check_table
from numpy_impl.validation.images import check_images as check_images
from numpy_impl.validation.images import check_kernel as check_kernel
from numpy_impl.validation.images import check_padding as check_padding
from numpy_impl.validation.images import check_pair as check_pair
from numpy_impl.validation.images import check_samples_of_any_shape as check_samples_of_any_shape
from numpy_impl.validation.losses import check_delta as check_delta
from numpy_impl.validation.losses import check_entries as check_entries
from numpy_impl.validation.losses import check_ignore_index as check_ignore_index
from numpy_impl.validation.losses import check_label_smoothing as check_label_smoothing
from numpy_impl.validation.mappings import check_mapping as check_mapping
from numpy_impl.validation.mappings import check_same_keys as check_same_keys
from numpy_impl.validation.mappings import check_update as check_update
from numpy_impl.validation.mappings import refuse_key as refuse_key
from numpy_impl.validation.normalization import check_channels as check_channels
from numpy_impl.validation.normalization import check_groups as check_groups
from numpy_impl.validation.normalization import check_scale as check_scale
from numpy_impl.validation.normalization import check_values_per_channel as check_values_per_channel
from numpy_impl.validation.options import check_at_least_zero as check_at_least_zero
from numpy_impl.validation.options import check_choice as check_choice
from numpy_impl.validation.options import check_flag as check_flag
from numpy_impl.validation.options import check_float_dtype as check_float_dtype
from numpy_impl.validation.options import check_function as check_function
from numpy_impl.validation.options import check_path as check_path
from numpy_impl.validation.options import check_real as check_real
from numpy_impl.validation.options import check_rng as check_rng
from numpy_impl.validation.options import check_scalar as check_scalar
from numpy_impl.validation.options import check_size as check_size
from numpy_impl.validation.options import check_sizes as check_sizes
from numpy_impl.validation.recurrent import check_cell as check_cell
from numpy_impl.validation.recurrent import check_sequence as check_sequence
from numpy_impl.validation.recurrent import check_state as check_state
from numpy_impl.validation.words import is_whole as is_whole
from numpy_impl.validation.words import kind_of as kind_of
from numpy_impl.validation.words import refuse as refuse
