//! Compiles compute shaders with the first Vulkan driver that the loader finds, as wgpu hands them over, and asks it what it made of them.

use ash::{Device, khr, vk};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use wgpu_simvae::device::gpu::{Language, translate};
use wgpu_simvae::kernels::Shader;

/// What a driver says of a compiled shader.
pub struct Compiled {
    /// Its whole numbers, by the driver's names.
    pub statistics: BTreeMap<String, u64>,
    /// The machine code.
    pub code: Code,
}

/// Machine code as a driver gives it.
pub enum Code {
    /// As text.
    Text(String),
    /// Somewhere in the data of a pipeline cache, from a driver that shows no text.
    Cache(Vec<u8>),
}

/// A logical device, with cooperative matrices where it has such; nothing is ever run on it.
pub struct Driver {
    device: Device,
    executables: khr::pipeline_executable_properties::Device,
    /// The adapter's name.
    pub name: String,
    // Dropped last: the device's functions are the loader's.
    _loader: (ash::Instance, ash::Entry),
}

impl Driver {
    /// Opens the first device of the driver that the environment names.
    pub fn open() -> Self {
        // SAFETY: the loader is the system's; the handles are passed to the functions that they belong to, and live as long as the process.
        unsafe {
            let entry =
                ash::Entry::load().expect("the Vulkan loader, libvulkan.so.1 (apt-get install mesa-vulkan-drivers)");
            let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_3);
            let info = vk::InstanceCreateInfo::default().application_info(&application);
            let instance = entry.create_instance(&info, None).expect("a Vulkan instance");
            let adapter = instance.enumerate_physical_devices().expect("adapters")[0];
            let properties = instance.get_physical_device_properties(adapter);
            assert!(properties.api_version >= vk::API_VERSION_1_3, "the driver is older than Vulkan 1.3");
            let name = text(&properties.device_name);

            let queues = [vk::DeviceQueueCreateInfo::default().queue_priorities(&[1.0])];
            let mut statistics =
                vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default().pipeline_executable_info(true);
            let mut newer = vk::PhysicalDeviceVulkan13Features::default().shader_zero_initialize_workgroup_memory(true);
            let mut new = vk::PhysicalDeviceVulkan12Features::default()
                .vulkan_memory_model(true)
                .vulkan_memory_model_device_scope(true);
            let mut extensions = vec![khr::pipeline_executable_properties::NAME.as_ptr()];
            let mut matrices = vk::PhysicalDeviceCooperativeMatrixFeaturesKHR::default().cooperative_matrix(true);
            let known = instance.enumerate_device_extension_properties(adapter).expect("extensions");
            let cooperative =
                known.iter().any(|known| known.extension_name_as_c_str() == Ok(khr::cooperative_matrix::NAME));
            if cooperative {
                extensions.push(khr::cooperative_matrix::NAME.as_ptr());
                new = new.shader_float16(true);
            }
            let mut info = vk::DeviceCreateInfo::default()
                .queue_create_infos(&queues)
                .enabled_extension_names(&extensions)
                .push_next(&mut statistics)
                .push_next(&mut newer)
                .push_next(&mut new);
            if cooperative {
                info = info.push_next(&mut matrices);
            }
            let device = instance.create_device(adapter, &info, None).expect("a device with executable properties");
            let executables = khr::pipeline_executable_properties::Device::new(&instance, &device);
            Self { device, executables, name, _loader: (instance, entry) }
        }
    }

    /// Compiles a shader.
    pub fn compile(&self, shader: &Shader) -> Compiled {
        let (module, code) = spirv(shader);
        let bindings: Vec<vk::DescriptorSetLayoutBinding<'_>> = module
            .global_variables
            .iter()
            .filter_map(|(_, variable)| Some((variable.binding?.binding, variable.space)))
            .map(|(binding, space)| {
                let kind = match space {
                    naga::AddressSpace::Uniform => vk::DescriptorType::UNIFORM_BUFFER,
                    _ => vk::DescriptorType::STORAGE_BUFFER,
                };
                vk::DescriptorSetLayoutBinding::default()
                    .binding(binding)
                    .descriptor_type(kind)
                    .descriptor_count(1)
                    .stage_flags(vk::ShaderStageFlags::COMPUTE)
            })
            .collect();
        let main = CString::new("main").expect("a name");
        // SAFETY: every structure outlives the call that it is passed to, and the handles are this device's.
        unsafe {
            let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
            let sets = [self.device.create_descriptor_set_layout(&info, None).expect("a set layout")];
            let info = vk::PipelineLayoutCreateInfo::default().set_layouts(&sets);
            let layout = self.device.create_pipeline_layout(&info, None).expect("a pipeline layout");
            let info = vk::ShaderModuleCreateInfo::default().code(&code);
            let module = self.device.create_shader_module(&info, None).expect("a module");
            let stage = vk::PipelineShaderStageCreateInfo::default()
                .stage(vk::ShaderStageFlags::COMPUTE)
                .module(module)
                .name(&main);
            let capture = vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR
                | vk::PipelineCreateFlags::CAPTURE_INTERNAL_REPRESENTATIONS_KHR;
            let info = [vk::ComputePipelineCreateInfo::default().flags(capture).stage(stage).layout(layout)];
            let cache = vk::PipelineCacheCreateInfo::default();
            let cache = self.device.create_pipeline_cache(&cache, None).expect("a pipeline cache");
            let pipeline = self
                .device
                .create_compute_pipelines(cache, &info, None)
                .unwrap_or_else(|(_, error)| panic!("{}: {error}", shader.label()))[0];
            let info = vk::PipelineExecutableInfoKHR::default().pipeline(pipeline);
            let statistics = self.executables.get_pipeline_executable_statistics(&info).expect("statistics");
            let numbers = statistics.iter().filter_map(|one| match one.format {
                vk::PipelineExecutableStatisticFormatKHR::UINT64 => Some((text(&one.name), one.value.u64)),
                _ => None,
            });
            let code = match self.assembly(&info) {
                Some(text) => Code::Text(text),
                None => Code::Cache(self.device.get_pipeline_cache_data(cache).expect("the cache's data")),
            };
            let compiled = Compiled { statistics: numbers.collect(), code };
            self.device.destroy_pipeline(pipeline, None);
            self.device.destroy_pipeline_cache(cache, None);
            self.device.destroy_shader_module(module, None);
            self.device.destroy_pipeline_layout(layout, None);
            self.device.destroy_descriptor_set_layout(sets[0], None);
            compiled
        }
    }

    /// The last of an executable's internal representations, its machine code, from a driver that has some.
    ///
    /// # Safety
    /// The executable is one of this device.
    unsafe fn assembly(&self, info: &vk::PipelineExecutableInfoKHR<'_>) -> Option<String> {
        let ask = self.executables.fp().get_pipeline_executable_internal_representations_khr;
        let device = self.device.handle();
        let mut count = 0;
        // SAFETY: asked for the count, for the sizes, and for texts with room for them, as the extension wants it.
        unsafe {
            assert_eq!(ask(device, info, &mut count, std::ptr::null_mut()), vk::Result::SUCCESS);
            let mut all = vec![vk::PipelineExecutableInternalRepresentationKHR::default(); count as usize];
            assert_eq!(ask(device, info, &mut count, all.as_mut_ptr()), vk::Result::SUCCESS);
            let mut texts: Vec<Vec<u8>> = all.iter().map(|one| vec![0; one.data_size]).collect();
            for (one, text) in all.iter_mut().zip(&mut texts) {
                one.p_data = text.as_mut_ptr().cast();
            }
            assert_eq!(ask(device, info, &mut count, all.as_mut_ptr()), vk::Result::SUCCESS);
            texts.last().map(|text| String::from_utf8_lossy(text).trim_end_matches('\0').to_owned())
        }
    }
}

/// A text that ends with a zero.
fn text(bytes: &[std::ffi::c_char]) -> String {
    // SAFETY: the driver ends its names with a zero, within the array.
    unsafe { CStr::from_ptr(bytes.as_ptr()) }.to_string_lossy().into_owned()
}

/// A shader as wgpu's Vulkan back end writes it without run-time checks, for a driver of Vulkan 1.3, and its bindings.
fn spirv(shader: &Shader) -> (naga::Module, Vec<u32>) {
    let code = translate(shader, false, Language::Spirv).unwrap_or_else(|error| panic!("{error}"));
    let module = naga::front::wgsl::parse_str(&shader.wgsl()).expect("translated, so valid");
    (module, bytemuck::pod_collect_to_vec(&code))
}
